"""YAML in which each thing stands once."""

import math

import pytest

from connectors.files.plain_yaml import YamlProblem, read_yaml


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


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"a: [\n", 1),
        (b"a: 1\n b: 2", 2),
        (b"a: 1\n---\nb: 2", 2),
        (b"\xff\xfe\xfa", 1),
        (b"a: 1\nb: !!python/name:os.system", 2),
        (b"a: 1\nb: !!int twelve", 2),
        (b"a: 1\nb: !!float twelve", 2),
        (b"a: 1\nb: " + b"9" * 5000, 2),
        (b"a: 1\n? [b]\n: 1", 2),
    ],
    ids=range(9),
)
def test_what_is_no_yaml_is_refused_with_its_line(text: bytes, line: int):
    with pytest.raises(YamlProblem) as told:
        read_yaml(text)
    assert told.value.line == line


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"[1, 010, 0o10, 0x10, -7, +7]", [1, 10, 8, 16, -7, 7]),
        (b"[1e-6, 1E3, 1., .5, -0.5e+1]", [1e-6, 1e3, 1.0, 0.5, -5.0]),
        (b"[.inf, -.INF]", [math.inf, -math.inf]),
        (b"[true, False, TRUE]", [True, False, True]),
        (b"[~, null, NULL]", [None, None, None]),
        (b"[no, yes, on, Off, n, y]", ["no", "yes", "on", "Off", "n", "y"]),
        (b"[1:30, 1_000, 2024-01-01, 0b1, 1e, =]", None),
        (b"['1', \"true\", 'null']", ["1", "true", "null"]),
        (
            b"{no: 1, 010: 2, true: 3, null: 4}",
            {"no": 1, "010": 2, "true": 3, "null": 4},
        ),
    ],
)
def test_scalars_are_those_of_yaml_1_2_and_names_are_texts(text, says):
    if says is None:
        says = text.decode().strip("[]").split(", ")
    found = read_yaml(text)
    assert found == says
    if isinstance(found, list):
        assert [type(one) for one in found] == [type(one) for one in says]
