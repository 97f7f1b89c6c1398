"""What a reader is told to type, as commands of words."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from tests.docs.pages import Block


@dataclass(frozen=True, slots=True)
class Command:
    """One command: the variables it is given, and its words."""

    block: Block
    variables: dict[str, str]
    words: list[str]

    def __str__(self) -> str:
        """What it is, and where it stands."""
        return f"{self.block}: {' '.join(self.words or self.variables)[:60]}"


def commands(block: Block) -> Iterator[Command]:
    """The commands of a block; those in one line are parted by |, && and the like."""
    for line in block.code.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;")
        lexer.whitespace_split = True
        for parts, words in groupby(lexer, lambda word: not word.strip("|&;")):
            if not parts:
                yield _command(block, [*words])


def _command(block: Block, words: list[str]) -> Command:
    if words[0] == "export":
        return Command(block, dict([words[1].split("=", 1)]), [])
    variables = {}
    while words and "=" in words[0]:
        name, value = words.pop(0).split("=", 1)
        variables[name] = value
    return Command(block, variables, words)
