"""What the verbs that work on a deployed stack have in common: which stack is meant."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from csvlake.lake.operator import Stack

__all__ = ["OpenStack", "add_stack", "open_stack"]

OpenStack = Callable[[str | None], "Stack"]


def add_stack(parser: argparse.ArgumentParser) -> None:
    """Let a verb be told which stack is meant."""
    parser.add_argument(
        "--stack-name",
        metavar="NAME",
        help="the CloudFormation stack (default: that of the environment's CSVLAKE_*, else the one of make up)",
    )


def open_stack(name: str | None) -> "Stack":
    """Reach a stack; see `csvlake.aws.stack.open_stack`."""
    from csvlake.aws.stack import open_stack  # heavy, and the verbs for single files need none of it

    return open_stack(name)
