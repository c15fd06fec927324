"""``csvlake convert FILE OUT``: one CSV to one Parquet file."""

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from csvlake.cli.reading import add_file, as_text, count_records, read_options, write_report
from csvlake.engine.model import Reject
from csvlake.files import convert_file

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the verb to argparse's commands."""
    parser = commands.add_parser("convert", help="convert a file to Parquet")
    add_file(parser)
    parser.add_argument("out", metavar="OUT", type=Path, help="path of the Parquet file")
    parser.add_argument("--rejects", type=Path, metavar="F", help="write the records that are no rows to this CSV")
    parser.add_argument("--report", type=Path, metavar="F.json", help="write the whole report to this file")
    parser.set_defaults(run=_run)


def _run(asked: argparse.Namespace) -> None:
    report = convert_file(asked.file, asked.out, read_options(asked))
    if asked.rejects is not None:
        _write_rejects(asked.rejects, report.rejects)
    if asked.report is not None:
        with asked.report.open("w", encoding="utf-8") as file:
            write_report(report, file)
    print(f"{asked.out}: {count_records(report)}")


def _write_rejects(path: Path, rejects: Sequence[Reject]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["line", "byte_offset", "reason", "raw"])
        rows.writerows([reject.line, reject.byte_offset, reject.reason, as_text(reject.raw)] for reject in rejects)
