"""``csvlake backfill PREFIX``: convert what is in the bucket and is not in the tables as it should be."""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from csvlake import __version__
from csvlake.cli.deployed import add_stack
from csvlake.cli.screen import telling
from csvlake.lake.backfill import Fed, Finding, Look, feed, find_work
from csvlake.lake.operator import Stack

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the verb to argparse's commands."""
    parser = commands.add_parser(
        "backfill",
        help="convert files that never were, or by another version",
        description=f"""Look at every CSV below a prefix and at what became of it, and send the converter a message for
            each that was never converted, was uploaded again since, or was converted by another version than
            {__version__}; for each as well whose CSV is gone and whose rows are not. It may be stopped and started at
            will: what is done is not done again.""",
    )
    parser.add_argument(
        "prefix", metavar="PREFIX", help="what follows csv-files/ in the keys: a table's folder, or '' for everything"
    )
    parser.add_argument("--rate", type=_positive, default=100.0, metavar="N", help="messages a second (default: 100)")
    parser.add_argument("--dry-run", action="store_true", help="send nothing; list the keys and why")
    parser.add_argument("--all", action="store_true", help="send settled and refused files as well")
    parser.add_argument("--after", default="", metavar="KEY", help="begin behind this key: where a run was stopped")
    add_stack(parser)
    parser.set_defaults(run=_run)


def _run(asked: argparse.Namespace) -> None:
    stack: Stack = asked.open_stack(asked.stack_name)
    prefix = asked.prefix.removeprefix(f"s3://{stack.bucket}/").removeprefix(stack.layout.source_prefix)
    found: Counter[Finding] = Counter()
    looks = _counted(find_work(stack, __version__, prefix, asked.after), found)
    if asked.dry_run:
        for look in looks:
            if look.finding.is_work or asked.all:
                print(f"{look.key}\t{look.finding}")
    else:
        _feed(stack, looks, asked)
    for finding in Finding:
        if found[finding]:
            print(f"{found[finding]:>9,} {finding.value}")
    if not found:
        print(f"there is no CSV under {stack.layout.source_prefix}{prefix}")


def _feed(stack: Stack, looks: Iterable[Look], asked: argparse.Namespace) -> None:
    fed, is_done = Fed(), False
    try:
        with telling() as now:
            now.say("asking Athena for the ledger")
            for fed in feed(stack, looks, asked.rate, everything=asked.all):
                held = ", waiting for the converter" if fed.is_held else ""
                now.say(f"{fed.looked:,} looked at, {fed.sent:,} sent{held}")
        is_done = True
    finally:
        then = ": csvlake status shows how far the converter is" if fed.sent else ""
        print(f"{fed.looked:,} looked at, {fed.sent:,} sent{then}")
        if not is_done and fed.after:
            print(f"stopped; to go on: csvlake backfill '{asked.prefix}' --after '{fed.after}'")


def _counted(looks: Iterable[Look], found: Counter[Finding]) -> Iterator[Look]:
    for look in looks:
        found[look.finding] += 1
        yield look


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value
