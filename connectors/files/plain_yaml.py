"""YAML files that say each thing once."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import yaml

# The one that msgspec takes.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(content: bytes) -> object:
    """What the content says, as plain objects.

    Raises msgspec.DecodeError for what is no YAML, and ValueError where a key stands
    twice: YAML would take the last, and what the first one said would be lost.
    """
    plain: object = msgspec.yaml.decode(content)
    root = yaml.compose(content, _LOADER)
    for mapping in _mappings(root, set()) if root else ():
        _refuse_twins(mapping)
    return plain


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
                raise ValueError(f"{key.value!r} stands there twice ({lines})")
            line_of[key.value] = line
