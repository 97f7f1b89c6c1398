"""YAML files that say each thing once, read by the core schema of YAML 1.2.

PyYAML follows 1.1, in which `no` is false, `010` is 8, `1:30` is 90 and `1e-6` a text.
Here numbers are what looks like one to people, only `true` and `false` are flags, and
names are texts, whatever they look like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What people mean where a flag is needed, as YAML 1.1 has it.
_FLAGS = {"yes": True, "no": False, "on": True, "off": False}


class YamlProblem(ValueError):
    """What is wrong in a file, and on which line."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line, self.problem = line, problem


class _Loader(_BASE):  # type: ignore[misc]
    """PyYAML's safe loader, but for what a scalar stands for."""

    yaml_implicit_resolvers: Mapping[str, Any] = {}

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[str, object]:
        """The mapping, whose keys are texts."""
        self.flatten_mapping(node)
        return {
            _key(key): self.construct_object(value, deep=deep)
            for key, value in node.value
        }


# https://yaml.org/spec/1.2.2/#103-core-schema, and `<<` of 1.1.
for _tag, _form in (
    ("null", r"~|null|Null|NULL|"),
    ("bool", r"true|True|TRUE|false|False|FALSE"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
        r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
    ),
    ("merge", r"<<"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_form})$"), None
    )


def _whole(loader: Any, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    for prefix, base in (("0o", 8), ("0x", 16)):
        if text.startswith(prefix):
            return int(text, base)
    try:
        return int(text)
    except ValueError:  # thousands of digits, or tagged as one
        line = node.start_mark.line + 1
        raise YamlProblem(line, f"{text[:40]!r} is no number") from None


def _number(loader: Any, node: yaml.ScalarNode) -> float:
    text = str(loader.construct_scalar(node))
    try:
        return float(re.sub(r"\.(?=[a-z])", "", text.lower()))  # .inf, .nan
    except ValueError:  # tagged as one
        line = node.start_mark.line + 1
        raise YamlProblem(line, f"{text[:40]!r} is no number") from None


_Loader.add_constructor("tag:yaml.org,2002:int", _whole)
_Loader.add_constructor("tag:yaml.org,2002:float", _number)


class Yaml:
    """A part of a file: what it says, and on which line.

    All that is asked of it raises YamlProblem where it is something else.
    """

    def __init__(self, loader: Any, node: yaml.Node) -> None:
        self._loader, self._node = loader, node
        self.line: int = node.start_mark.line + 1

    def problem(self, text: str) -> YamlProblem:
        """What is wrong here."""
        return YamlProblem(self.line, text)

    def by_name(self) -> dict[str, Yaml]:
        """The parts of a mapping."""
        if not isinstance(self._node, yaml.MappingNode):
            raise self.problem(f"{self} is no mapping of names (`name: ...`)")
        self._loader.flatten_mapping(self._node)
        return {
            _key(key): _of(self._loader, key, value) for key, value in self._node.value
        }

    def pair(self) -> tuple[Yaml, Yaml]:
        """The two parts of a list."""
        parts = self._node.value if isinstance(self._node, yaml.SequenceNode) else ()
        if len(parts) != 2:
            raise self.problem(f"{self} is no pair [low, high]")
        low, high = (Yaml(self._loader, part) for part in parts)
        return low, high

    def text(self) -> str:
        """A scalar as it is written; `010` stays that."""
        if not isinstance(self._node, yaml.ScalarNode) or self.is_null():
            raise self.problem(f"{self} is no text")
        return str(self._node.value)

    def is_null(self) -> bool:
        """Whether nothing is said, or null."""
        return self._node.tag == "tag:yaml.org,2002:null"

    def number(self) -> float | None:
        """A number, or None for null."""
        value = None if self.is_null() else self.plain()
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.problem(
                f"{self} is no number; write one as 90, 0.5 or 1e-6, or null"
            )
        return float(value)

    def plain(self) -> object:
        """The part as plain objects."""
        plain: object = self._loader.construct_document(self._node)
        return plain

    def flag_or_plain(self) -> object:
        """The same, but for yes, no, on and off without quotes, which are flags."""
        node = self._node
        if isinstance(node, yaml.ScalarNode) and not node.style:
            return _FLAGS.get(node.value.lower(), self.plain())
        return self.plain()

    def __str__(self) -> str:
        if self.is_null():
            return "nothing"
        if isinstance(self._node, yaml.ScalarNode):
            return repr(self._node.value)
        return "a list" if isinstance(self._node, yaml.SequenceNode) else "a mapping"


def parse_yaml(content: bytes) -> Yaml | None:
    """The parts of a file; None if it says nothing.

    Raises YamlProblem for what is no YAML, and where a key stands twice: YAML would
    take the last, and what the first one said would be lost.
    """
    try:
        loader = _Loader(content)
        root = loader.get_single_node()
        if root is None:
            return None
        for mapping in _mappings(root, set()):
            _refuse_twins(mapping)
        return Yaml(loader, root)
    except yaml.YAMLError as error:
        raise _no_yaml(error, content) from None


def read_yaml(content: bytes) -> object:
    """What a file says, as plain objects; raises YamlProblem as `parse_yaml` does."""
    parsed = parse_yaml(content)
    try:
        return None if parsed is None else parsed.plain()
    except yaml.YAMLError as error:
        raise _no_yaml(error, content) from None


def _no_yaml(error: yaml.YAMLError, content: bytes) -> YamlProblem:
    mark = getattr(error, "problem_mark", None)
    lines = content.rstrip().count(b"\n") + 1
    problem = getattr(error, "problem", None) or str(error)
    line = min(mark.line + 1, lines) if mark else 1
    return YamlProblem(line, f"no YAML: {problem}")


def _of(loader: Any, key: yaml.Node, value: yaml.Node) -> Yaml:
    """A part, on the line of its key: what an alias stands for is elsewhere."""
    part = Yaml(loader, value)
    part.line = key.start_mark.line + 1
    return part


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        line = node.start_mark.line + 1
        raise YamlProblem(line, "a name is a list or a mapping, and no text")
    return str(node.value)


def _mappings(node: yaml.Node, seen: set[int]) -> Iterator[yaml.MappingNode]:
    """Yields every mapping once: what an alias stands for may contain the alias."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from _mappings(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _mappings(value, seen)


def _refuse_twins(mapping: yaml.MappingNode) -> None:
    line_of: dict[str, int] = {}
    for key, _ in mapping.value:
        if isinstance(key, yaml.ScalarNode):
            line = key.start_mark.line + 1
            if key.value in line_of:
                lines = f"lines {line_of[key.value]} and {line}"
                raise YamlProblem(line, f"{key.value!r} stands there twice ({lines})")
            line_of[key.value] = line
