"""``csvlake inspect FILE``: what would converting it do? ``--contract FILE…``: what would a contract say of these?"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from csvlake.cli.reading import add_options, as_text, count_records, read_options, write_report
from csvlake.engine.model import Report, Skipped
from csvlake.files import inspect_file, survey_file
from csvlake.lake.draft import write_draft

__all__ = ["add_to"]

_WIDTH = 80
_SHOWN = 20  # problems and rejects on the screen; --json gives all


def add_to(commands: Any) -> None:
    """Add the verb to argparse's commands."""
    parser = commands.add_parser("inspect", help="say what converting a file would do")
    parser.add_argument("files", metavar="FILE", nargs="+", help="a path or an s3:// URL; several with --contract")
    add_options(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the whole report, for programs")
    form.add_argument("--contract", action="store_true", help="write a contract to start from, with its evidence")
    parser.set_defaults(run=partial(_run, parser))


def _run(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> None:
    asked.file = asked.files[0]
    if asked.contract:
        _draft(asked)
        return
    if len(asked.files) > 1:
        parser.error("one FILE, or --contract")
    report = inspect_file(asked.file, read_options(asked))
    if asked.json:
        write_report(report, sys.stdout)
    else:
        print(_describe(report))


def _draft(asked: argparse.Namespace) -> None:
    surveys = {}
    for file in asked.files:
        asked.file = file  # which a refusal names
        surveys[file] = survey_file(file, read_options(asked))
    print(write_draft(surveys), end="")


def _describe(report: Report) -> str:
    lines = [f"dialect   {report.dialect.describe()}"]
    lines += [f"          {sentence}" for sentence in report.dialect.evidence]
    width = max((len(column.name) for column in report.schema), default=0)
    for number, column in enumerate(report.schema):
        source = f'  "{column.source_name}"' if column.source_name not in ("", column.name) else ""
        format_ = f" as {column.format}" if column.format else ""
        lines.append(f"{'columns' if number == 0 else '':<10}{column.name:<{width}}  {column.type}{format_}{source}")
    lines.append(f"records   {count_records(report)}")
    lines += _list("no data", [_describe_skipped(line) for line in report.skipped])
    lines += _list("problems", report.problems)
    rejects = [f"line {reject.line}: {reject.reason}" for reject in report.rejects[:_SHOWN]]
    lines += _list("rejects", rejects, len(report.rejects))
    return "\n".join(lines)


def _describe_skipped(skipped: Skipped) -> str:
    return f"line {skipped.line}, {skipped.kind}: {' '.join(as_text(skipped.text).split())[:_WIDTH]}"


def _list(title: str, sentences: Sequence[str], count: int | None = None) -> list[str]:
    shown = [f"{title if number == 0 else '':<10}{text}" for number, text in enumerate(sentences[:_SHOWN])]
    hidden = (len(sentences) if count is None else count) - len(shown)
    return [*shown, f"          and {hidden} more: see --json"] if hidden else shown
