"""``csvlake inspect FILE``: what would converting it do?"""

import argparse
import json
from collections.abc import Sequence
from typing import Any

from csvlake.cli.reading import add_file, as_plain, count_records, read_options
from csvlake.engine.model import Report
from csvlake.files import inspect_file

__all__ = ["add_to"]

_SHOWN = 20  # problems and rejects on the screen; --json gives all


def add_to(commands: Any) -> None:
    """Add the verb to argparse's commands."""
    parser = commands.add_parser("inspect", help="say what converting a file would do")
    add_file(parser)
    parser.add_argument("--json", action="store_true", help="the whole report, for programs")
    parser.set_defaults(run=_run)


def _run(asked: argparse.Namespace) -> None:
    report = inspect_file(asked.file, read_options(asked))
    print(json.dumps(as_plain(report), indent=2, ensure_ascii=False) if asked.json else _describe(report))


def _describe(report: Report) -> str:
    lines = [f"dialect   {report.dialect.describe()}"]
    lines += [f"          {sentence}" for sentence in report.dialect.evidence]
    width = max((len(column.name) for column in report.schema), default=0)
    for number, column in enumerate(report.schema):
        source = f'  "{column.source_name}"' if column.source_name not in ("", column.name) else ""
        lines.append(f"{'columns' if number == 0 else '':<10}{column.name:<{width}}  {column.type}{source}")
    lines.append(f"records   {count_records(report)}")
    lines += _list("problems", report.problems)
    lines += _list("rejects", [f"line {reject.line}: {reject.reason}" for reject in report.rejects])
    return "\n".join(lines)


def _list(title: str, sentences: Sequence[str]) -> list[str]:
    shown = [f"{title if number == 0 else '':<10}{text}" for number, text in enumerate(sentences[:_SHOWN])]
    hidden = len(sentences) - len(shown)
    return [*shown, f"          and {hidden} more: see --json"] if hidden else shown
