"""``csvlake redrive``: send dead letters back to the converter's queue."""

import argparse
from typing import Any

from csvlake.cli.deployed import add_stack
from csvlake.cli.screen import telling
from csvlake.lake.operator import Stack

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the verb to argparse's commands."""
    parser = commands.add_parser("redrive", help="send dead letters back, once their cause is mended")
    add_stack(parser)
    parser.set_defaults(run=_run)


def _run(asked: argparse.Namespace) -> None:
    stack: Stack = asked.open_stack(asked.stack_name)
    for letters in stack.dead_letters:
        count = letters.depth().waiting
        moved = 0
        if count:
            with telling() as now:
                now.say(f"{letters.name}: {count} to move")
                for moved in letters.redrive():
                    now.say(f"{letters.name}: {moved} of about {count} moved")
        print(f"{letters.name}: {moved} moved")
