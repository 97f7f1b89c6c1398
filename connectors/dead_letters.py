"""`python -m connectors.dead_letters` lists what was refused, shows it, sends it again.

Messages are sent to the topic that they came from, once what refused them is mended.
What was stored of them already is not stored again.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import islice

from connectors.command import Parser, exit_code, table, whole
from connectors.decode.refusals import REASONS
from connectors.errors import SettingsError
from connectors.kafka.dead_letter_topic import Letter, LetterId, read_letters
from connectors.kafka.fields import RESENT
from connectors.kafka.resending import Resender
from connectors.settings import Settings
from connectors.topics import DEAD_LETTERS, TELEMETRY

LISTED = 50
LONGEST_KEY = 40
SHOWN_BYTES = 4_000
COLUMNS = ("letter", "when", "topic", "partition", "offset", "reason", "resent", "key")


def _letter_id(text: str) -> LetterId:
    try:
        return LetterId.parse(text)
    except ValueError:
        problem = f"{text!r} is no number of a letter, as `list` has them"
        raise argparse.ArgumentTypeError(problem) from None


def parser() -> argparse.ArgumentParser:
    """What can be asked for on the command line."""
    top = Parser(
        prog="python -m connectors.dead_letters",
        description=f"What flows refused, on the topic {DEAD_LETTERS.name}.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    listing = commands.add_parser("list", help="list the latest, a line each")
    listing.add_argument(
        "--last",
        type=whole(1),
        default=LISTED,
        metavar="N",
        help=f"how many at most ({LISTED})",
    )
    showing = commands.add_parser("show", help="show one, with all that is known of it")
    showing.add_argument("letter", type=_letter_id, help="its number in the list")
    resending = commands.add_parser(
        "resend",
        help="send them to the topic that they came from, after a fix",
        description="Sends refused messages to the topic that they came from, with the "
        f"header {RESENT}. What was stored of them already is not stored again.",
    )
    resending.add_argument(
        "letters", type=_letter_id, nargs="*", metavar="letter", help="by their number"
    )
    resending.add_argument("--all", action="store_true", help="all there are")
    for command in (listing, resending):
        command.add_argument(
            "--reason", choices=[*REASONS], help="those that were refused for it"
        )
        command.add_argument(
            "--topic",
            choices=[topic.name for topic in TELEMETRY],
            help="those that came from it",
        )
    return top


def _chosen(
    settings: Settings, options: argparse.Namespace, latest: int | None = None
) -> Iterator[Letter]:
    """The letters with the reason and of the topic that were asked for."""
    for letter in read_letters(settings, latest=latest):
        if options.reason in (None, letter.told("reason")):
            if options.topic in (None, letter.told("topic")):
                yield letter


def _list(settings: Settings, options: argparse.Namespace) -> None:
    filtered = options.reason or options.topic
    found = _chosen(settings, options, None if filtered else options.last)
    latest = deque(found, options.last)
    rows = [COLUMNS, *map(_row, sorted(latest, key=lambda one: one.time_ms))]
    sys.stdout.writelines(table(rows))


def _row(letter: Letter) -> tuple[str, ...]:
    told = map(letter.told, ("topic", "partition", "offset", "reason"))
    when = f"{letter.refused_at:%Y-%m-%dT%H:%M:%SZ}"
    resent = str(letter.resent) if letter.resent else ""
    return (str(letter.id), when, *told, resent, _text(letter.key, LONGEST_KEY))


def _text(data: bytes | None, most: int) -> str:
    """In one line, whatever it holds."""
    if data is None:
        return "none"
    text = data[:most].decode(errors="replace")
    rest = f"... ({len(data)} bytes)" if len(data) > most else ""
    return (text if text.isprintable() else repr(text)) + rest


def _found(settings: Settings, number: LetterId) -> Letter:
    letter = next(islice(read_letters(settings, number), 1), None)
    if letter is None or letter.id != number:
        problem = f"there is no dead letter {number} (any more)"
        raise SettingsError("letter", problem)
    return letter


def _show(settings: Settings, options: argparse.Namespace) -> None:
    letter = _found(settings, options.letter)
    told = {
        "letter": str(letter.id),
        "refused at": f"{letter.refused_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "reason": f"{letter.told('reason')} ({letter.told('detail')})",
        "came from": "{}[{}] offset {}".format(
            *map(letter.told, ("topic", "partition", "offset"))
        ),
        "key": _text(letter.key, SHOWN_BYTES),
        "content-type": letter.headers.get("content-type", b"none").decode(
            "ascii", "replace"
        ),
        "sent again": f"{letter.resent} times",
        "value": _text(letter.value, SHOWN_BYTES),
    }
    for what, text in told.items():
        sys.stdout.write(f"{what + ':':<14}{text}\n")


def _resend(settings: Settings, options: argparse.Namespace) -> None:
    by_filter = bool(options.all or options.reason or options.topic)
    if by_filter == bool(options.letters):
        problem = "name letters, or else --reason, --topic or --all"
        raise SettingsError("resend", problem)
    found = (
        _chosen(settings, options)
        if by_filter
        else (_found(settings, number) for number in options.letters)
    )
    resender = Resender(settings)
    sent: Counter[str] = Counter()
    left: Counter[str] = Counter()
    try:
        for letter in found:
            if (unusable := letter.cannot_be_sent) is not None:
                left[unusable] += 1
            elif resender.send(letter):
                sent[letter.told("topic")] += 1
            else:
                left["refused more than once, and sent once"] += 1
    finally:
        resender.finish()
    for problem, count in left.items():
        sys.stdout.write(f"not sent: {count} ({problem})\n")
    for topic, count in sent.items():
        sys.stdout.write(f"sent again to {topic}: {count}\n")
    if not sent:
        sys.stdout.write("nothing was sent\n")


_COMMANDS = {"list": _list, "show": _show, "resend": _resend}


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 2 for wrong arguments and settings, 1 for what went wrong."""
    options = parser().parse_args(arguments)
    return exit_code(
        lambda: _COMMANDS[options.command](Settings.from_environment(), options)
    )


if __name__ == "__main__":
    sys.exit(main())
