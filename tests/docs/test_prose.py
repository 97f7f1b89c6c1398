"""Pages can be read: short sentences, and a README of one sitting."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, README, name_of, sentences

LONGEST_WORDS = 29
LONGEST_README_LINES = 170


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_sentence_is_long(page: Path):
    text = page.read_text(encoding="utf-8")
    long = [one for one in sentences(text) if len(one.split()) > LONGEST_WORDS]
    assert long == []


def test_the_readme_is_read_in_one_sitting():
    assert README.read_text(encoding="utf-8").count("\n") <= LONGEST_README_LINES


def test_the_glossary_has_each_word_once_in_order():
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    words = [word.lower() for word in re.findall(r"^\*\*(.*?)\*\*: ", text, re.M)]
    assert len(words) > 40
    assert words == sorted(set(words))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One is here. Another `a b. c` one.", ["One is here.", "Another Code one."]),
        ("Over\ntwo lines.", ["Over two lines."]),
        ("- First item\n  goes on.\n- Second.", ["- First item goes on.", "- Second."]),
        ("A [link. Text](to.md) there!", ["A link.", "Text there!"]),
        ("Made 0.5 of it, e.g. here.", ["Made 0.5 of it, e.g. here."]),
        ("Before:\n\n```sh\nmake. Not\n```\n\nAfter.", ["Before:", "After."]),
        ("# A heading\nText.\n| a cell. Text |", ["Text."]),
        ("<!-- No. One. -->It says.", ["It says."]),
    ],
)
def test_sentences_are_told_apart(text: str, found: list[str]):
    assert [*sentences(text)] == found
