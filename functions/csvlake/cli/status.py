"""``csvlake status [TABLE]``: what waits, what failed, and how each table stands."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from csvlake import __version__
from csvlake.cli.deployed import add_stack
from csvlake.cli.screen import show_table, telling
from csvlake.errors import TerminalError
from csvlake.lake.migrate import TypeChanges, describe_change
from csvlake.lake.operator import Stack
from csvlake.lake.standing import TableStanding, stand

__all__ = ["add_to"]

_COLUMNS = ("table", "files", "settled", "refused", "waiting", "rows", "rejected records", "rescued rows")


def add_to(commands: Any) -> None:
    """Add the verb to argparse's commands."""
    parser = commands.add_parser("status", help="say what waits, what failed, and how each table stands")
    parser.add_argument("table", metavar="TABLE", nargs="?", help="only this one (default: all)")
    parser.add_argument("--json", action="store_true", help="for programs")
    add_stack(parser)
    parser.set_defaults(run=_run)


def _run(asked: argparse.Namespace) -> None:
    stack: Stack = asked.open_stack(asked.stack_name)
    with telling() as now:
        now.say("asking the queues")
        queue = stack.queue.depth()
        dead = {letters.name: letters.depth().all for letters in stack.dead_letters}
        now.say("listing the bucket, and asking Athena for the ledger")
        tables = stand(stack, __version__, asked.table)
        now.say("looking for changes of types")
        changes = {change.table: change for change in _find_changes(stack) if change.table in tables}
    if asked.table is not None and not tables:
        raise TerminalError("no_such_table", f"neither the bucket nor the ledger knows a table {asked.table}")
    if asked.json:
        told = {
            "queue": asdict(queue),
            "dead_letters": dead,
            "tables": {name: asdict(standing) for name, standing in tables.items()},
            "type_changes": [asdict(change) for change in changes.values()],
        }
        print(json.dumps(told, indent=2))
        return
    print(f"queue         {queue.waiting} waiting, {queue.in_flight} being converted, {queue.delayed} for later")
    print("dead letters  " + ", ".join(f"{count} {name}" for name, count in dead.items()))
    print()
    show_table(_COLUMNS, [_row(name, standing) for name, standing in tables.items()])
    for change in changes.values():
        print(f"\n{change.table}: {change.about} since {change.since}; files to convert again: {change.behind}")
    _advise(tables, dead)


@dataclass(frozen=True)
class _Change:
    """A change of a table's types that is not over."""

    table: str
    about: str
    since: str
    behind: int


def _find_changes(stack: Stack) -> Iterator[_Change]:
    changes = TypeChanges(stack)
    for table in changes.find_changing():
        if table.change is not None:
            since = datetime.fromtimestamp(table.change.since, UTC).isoformat(" ", "seconds")
            yield _Change(table.name, describe_change(table), since, changes.find_behind(table))


def _row(name: str, standing: TableStanding) -> tuple[object, ...]:
    return (
        name,
        standing.files,
        standing.settled,
        standing.refused,
        standing.waiting,
        standing.rows,
        standing.records_rejected,
        standing.rows_rescued,
    )


def _advise(tables: dict[str, TableStanding], dead: dict[str, int]) -> None:
    """Say what to do about what is not as it should be."""
    older = sum(standing.older for standing in tables.values())
    advice = [
        (sum(dead.values()), "dead letters: mend the cause (see the converter's log), then csvlake redrive"),
        (sum(standing.refused for standing in tables.values()), "files refused: csvlake rejects says why"),
        (older, f"files converted by another version than {__version__}: csvlake backfill converts them again"),
    ]
    lines = [f"{count} {text}" for count, text in advice if count]
    if lines:
        print("\n" + "\n".join(lines))
