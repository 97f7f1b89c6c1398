"""YAML in which each thing stands once."""

import msgspec
import pytest

from connectors.files.plain_yaml import read_yaml


@pytest.mark.parametrize(
    "text",
    [
        b"{a: 1, a: 1}",
        b"top:\n- {a: 1}\n- {b: {c: 1, 'c': 2}}",
        b"one: &shared {a: 1, a: 2}\ntwo: *shared",
    ],
)
def test_a_key_that_stands_twice_is_refused(text):
    with pytest.raises(ValueError, match=r"stands there twice \(lines \d and \d\)"):
        read_yaml(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", None),
        (b"# nothing", None),
        (b"a: {b: 1}\nc: {b: 1}", {"a": {"b": 1}, "c": {"b": 1}}),
        (b"[&x {b: 1, c: 2}, {<<: *x, c: 3}]", [{"b": 1, "c": 2}, {"b": 1, "c": 3}]),
    ],
)
def test_what_stands_once_is_read(text, says):
    assert read_yaml(text) == says


def test_a_mapping_that_holds_itself_is_looked_at_once():
    found = read_yaml(b"&it {me: *it}")
    assert isinstance(found, dict)
    assert found["me"] is found


def test_what_is_no_yaml_is_refused():
    with pytest.raises(msgspec.DecodeError):
        read_yaml(b"a: [")
