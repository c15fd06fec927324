"""The command line: ``csvlake``, also ``python -m csvlake``.

Exit codes: 0 done, 1 usage, 2 the file was refused (the reason is on stderr), 3 trouble that may pass.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from csvlake import __version__
from csvlake.cli.deployed import OpenStack, open_stack
from csvlake.errors import TerminalError, TransientError
from csvlake.settings import NoStackError

__all__ = ["main"]

_DONE, _USAGE, _REFUSED, _TROUBLE = 0, 1, 2, 3
_VERBS = ("inspect", "convert", "status", "rejects", "backfill", "redrive", "migrate", "cost")  # modules here


def main(arguments: Sequence[str] | None = None, open_stack: OpenStack = open_stack) -> int:
    """Run one command.

    Args:
        arguments: None for the process's own.
        open_stack: reaches the stack that is named, or the one of the environment.

    Returns:
        The exit code.
    """
    given = sys.argv[1:] if arguments is None else arguments
    asked = _parser(given).parse_args(given, argparse.Namespace(open_stack=open_stack))
    try:
        asked.run(asked)
        sys.stdout.flush()
    except TerminalError as refusal:
        return _tell(asked, refusal.reason, _REFUSED)
    except NoStackError as mistake:
        return _tell(asked, str(mistake), _USAGE)
    except BrokenPipeError:  # whoever read our output has seen enough, as head has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python fails again when it ends
    except (TransientError, OSError) as trouble:
        return _tell(asked, str(trouble), _TROUBLE)
    except KeyboardInterrupt:
        return _tell(asked, "stopped", _TROUBLE)
    return _DONE


class _Parser(argparse.ArgumentParser):
    """A parser whose exit code for wrong usage is ours: 2, argparse's own, means a refused file here."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(_USAGE, f"{self.prog}: {message}\n")


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser, with the verb that is given alone where one is: each imports what it needs."""
    parser = _Parser(prog="csvlake", description="Turn CSV files into Parquet: nothing lost, nothing guessed wrong.")
    parser.add_argument("--version", action="version", version=f"csvlake {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for verb in given[:1] if given and given[0] in _VERBS else _VERBS:
        import_module(f"csvlake.cli.{verb}").add_to(commands)
    return parser


def _tell(asked: argparse.Namespace, trouble: str, code: int) -> int:
    subject = f"{asked.file}: " if hasattr(asked, "file") else ""
    print(f"csvlake: {subject}{trouble}", file=sys.stderr)
    return code
