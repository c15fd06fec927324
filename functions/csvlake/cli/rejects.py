"""``csvlake rejects [TABLE]``: what is in a CSV and in no table, and why: refused files, rejected records."""

import argparse
import csv
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from csvlake.cli.deployed import add_stack
from csvlake.cli.screen import show_table, telling
from csvlake.lake.operator import LatestOutcome, LatestReject, Stack

__all__ = ["add_to"]

_SHOWN = 20  # on the screen; --out gives all
_SHOWN_TEXT = 60  # characters of a record


def add_to(commands: Any) -> None:
    """Add the verb to argparse's commands."""
    parser = commands.add_parser("rejects", help="list refused files and rejected records, with their reasons")
    parser.add_argument("table", metavar="TABLE", nargs="?", help="only this one (default: all)")
    parser.add_argument("--out", type=Path, metavar="F.csv", help="write all of them to this CSV")
    add_stack(parser)
    parser.set_defaults(run=_run)


def _run(asked: argparse.Namespace) -> None:
    stack: Stack = asked.open_stack(asked.stack_name)
    with telling() as now:
        now.say("asking Athena for the ledger")
        outcomes = stack.ledger.outcomes(stack.layout.source_prefix, asked.table)
        refused = (outcome for outcome in outcomes if outcome.outcome == "refused")
        rejects = stack.ledger.rejects(asked.table)
        if asked.out is not None:
            files, records = _write(asked.out, refused, rejects)
        else:
            some_refused = list(itertools.islice(refused, _SHOWN + 1))
            some_rejects = list(itertools.islice(rejects, _SHOWN + 1))
    if asked.out is not None:
        print(f"{asked.out}: {files} refused files, {records} rejected records")
    elif some_refused or some_rejects:
        _show(("refused file", "reason"), [(outcome.source_key, outcome.reason) for outcome in some_refused])
        _show(("file", "line", "reason", "record"), [_row(reject) for reject in some_rejects])
    else:
        print("no file is refused, and no record is rejected")


def _show(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    if rows:
        show_table(columns, rows[:_SHOWN])
    if len(rows) > _SHOWN:
        print("and more: --out F.csv writes all of them, with byte offsets and whole texts")


def _row(reject: LatestReject) -> tuple[object, ...]:
    raw = reject.raw if len(reject.raw) <= _SHOWN_TEXT else f"{reject.raw[:_SHOWN_TEXT]}…"
    return (reject.source_key, reject.line, reject.reason, raw)


def _write(path: Path, refused: Iterable[LatestOutcome], rejects: Iterable[LatestReject]) -> tuple[int, int]:
    """Write refused files, then rejected records, as a CSV; return how many there are of each."""
    files, records = 0, 0
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("table_name", "source_key", "line", "byte_offset", "reason", "raw"))
        for outcome in refused:
            rows.writerow((outcome.table_name, outcome.source_key, None, None, outcome.reason, None))
            files += 1
        for reject in rejects:
            place = (reject.table_name, reject.source_key, reject.line, reject.byte_offset)
            rows.writerow((*place, reject.reason, reject.raw))
            records += 1
    return files, records
