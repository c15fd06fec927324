"""``csvlake migrate TABLE [COLUMN TYPE]``: change a column's type, older files included, and watch it happen."""

import argparse
import re
from typing import Any

from csvlake.cli.deployed import add_stack
from csvlake.cli.screen import telling
from csvlake.lake.migrate import TypeChanges, describe_change
from csvlake.lake.operator import Stack

__all__ = ["add_to"]

_TYPE = re.compile(r"boolean|bigint|double|date|timestamp|string|decimal\((18|38),(\d+)\)")


def add_to(commands: Any) -> None:
    """Add the verb to argparse's commands."""
    parser = commands.add_parser(
        "migrate",
        help="change a column's type, older files included",
        description="""Change a column's type and have the converter convert the table's older files again, in an order
            in which no query is silently wrong (docs/types.md). Without COLUMN and TYPE: take up the change that the
            table is in. Stopping this command does not stop the change.""",
    )
    parser.add_argument("table", metavar="TABLE")
    parser.add_argument("column", metavar="COLUMN", nargs="?")
    parser.add_argument("type", metavar="TYPE", nargs="?", type=_type, help="as Glue spells it: 'decimal(18,2)'")
    parser.add_argument("--no-wait", action="store_true", help="do not watch: csvlake status says how far it is")
    add_stack(parser)
    parser.set_defaults(run=_run, parser=parser)


def _run(asked: argparse.Namespace) -> None:
    if asked.column is not None and asked.type is None:
        asked.parser.error("COLUMN needs a TYPE")
    stack: Stack = asked.open_stack(asked.stack_name)
    changes = TypeChanges(stack)
    if asked.column is None:
        table = changes.resume(asked.table)
    else:
        table = changes.change(asked.table, asked.column, asked.type)
    if table.change is None:
        print(f"{asked.table}: all files are in step with the table")
        return
    print(f"{asked.table}: {describe_change(table)}; files to convert again: {changes.find_behind(table)}")
    if asked.no_wait:
        return
    with telling() as now:
        for progress in changes.watch(asked.table):
            left = f"{progress.behind:,} files to go" if progress.behind else "all files converted; ending the change"
            now.say(f"{asked.table}: {left}")
    print(f"{asked.table}: done")


def _type(text: str) -> str:
    found = _TYPE.fullmatch(text)
    if found is None or (found[1] and int(found[2]) > int(found[1])):
        raise argparse.ArgumentTypeError(
            f"{text!r}: use boolean, bigint, decimal(18,s), decimal(38,s), double, date, timestamp or string"
        )
    return text
