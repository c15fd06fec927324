"""The command line: ``csvlake``, also ``python -m csvlake``.

Exit codes: 0 done, 1 usage, 2 the file was refused (the reason is on stderr), 3 trouble that may pass.
"""

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from csvlake import __version__
from csvlake.engine.model import ConvertOptions, Reject, Report
from csvlake.errors import TerminalError, TransientError
from csvlake.files import convert_file, inspect_file

__all__ = ["main"]

_DONE, _USAGE, _REFUSED, _TROUBLE = 0, 1, 2, 3
_SHOWN = 20  # problems and rejects on the screen; --json and --rejects give all


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: None for the process's own.

    Returns:
        The exit code.
    """
    asked = _parser().parse_args(arguments)
    try:
        asked.run(asked)
    except TerminalError as refusal:
        print(f"csvlake: {asked.file}: {refusal.reason}", file=sys.stderr)
        return _REFUSED
    except (TransientError, OSError) as trouble:
        print(f"csvlake: {asked.file}: {trouble}", file=sys.stderr)
        return _TROUBLE
    return _DONE


class _Parser(argparse.ArgumentParser):
    """A parser whose exit code for wrong usage is ours: 2, argparse's own, means a refused file here."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(_USAGE, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="csvlake", description="Turn CSV files into Parquet: nothing lost, nothing guessed wrong.")
    parser.add_argument("--version", action="version", version=f"csvlake {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    reading = _Parser(add_help=False)
    reading.add_argument("file", metavar="FILE", help="a path or an s3:// URL")
    reading.add_argument(
        "--types", choices=["lossless", "text"], default="lossless", help="text: every column as it is"
    )
    reading.add_argument("--delimiter", help="what stands between cells; \\t for a tab (default: found out)")
    reading.add_argument("--quote", help="the quote character, '' for none (default: found out)")
    reading.add_argument("--escape", help="what makes a quote text, '' for a doubled quote (default: found out)")
    reading.add_argument("--encoding", help="such as utf-8 or windows-1252 (default: found out)")
    reading.add_argument("--no-header", action="store_true", help="the first record is data")

    inspect = commands.add_parser("inspect", parents=[reading], help="say what converting a file would do")
    inspect.add_argument("--json", action="store_true", help="the whole report, for programs")
    inspect.set_defaults(run=_inspect)

    convert = commands.add_parser("convert", parents=[reading], help="convert a file to Parquet")
    convert.add_argument("out", metavar="OUT", type=Path, help="path of the Parquet file")
    convert.add_argument("--rejects", type=Path, metavar="F", help="write the records that are no rows to this CSV")
    convert.add_argument("--report", type=Path, metavar="F.json", help="write the whole report to this file")
    convert.set_defaults(run=_convert)
    return parser


def _options(asked: argparse.Namespace) -> ConvertOptions:
    delimiter = asked.delimiter.replace("\\t", "\t") if asked.delimiter else None
    return ConvertOptions(
        types=asked.types,
        delimiter=delimiter,
        quote=asked.quote,
        escape=asked.escape,
        encoding=asked.encoding,
        header=False if asked.no_header else None,
    )


def _inspect(asked: argparse.Namespace) -> None:
    report = inspect_file(asked.file, _options(asked))
    print(json.dumps(_plain(report), indent=2, ensure_ascii=False) if asked.json else _describe(report))


def _convert(asked: argparse.Namespace) -> None:
    report = convert_file(asked.file, asked.out, _options(asked))
    if asked.rejects is not None:
        _write_rejects(asked.rejects, report.rejects)
    if asked.report is not None:
        asked.report.write_text(json.dumps(_plain(report), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{asked.out}: {_count(report)}")


def _plain(report: Report) -> dict[str, Any]:
    plain = asdict(report)
    for reject in plain["rejects"]:
        reject["raw"] = _text(reject["raw"])
    return plain


def _write_rejects(path: Path, rejects: Sequence[Reject]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["line", "byte_offset", "reason", "raw"])
        rows.writerows([reject.line, reject.byte_offset, reject.reason, _text(reject.raw)] for reject in rejects)


def _describe(report: Report) -> str:
    lines = [f"dialect   {report.dialect.describe()}"]
    lines += [f"          {sentence}" for sentence in report.dialect.evidence]
    width = max((len(column.name) for column in report.schema), default=0)
    for number, column in enumerate(report.schema):
        source = f'  "{column.source_name}"' if column.source_name not in ("", column.name) else ""
        lines.append(f"{'columns' if number == 0 else '':<10}{column.name:<{width}}  {column.type}{source}")
    lines.append(f"records   {_count(report)}")
    lines += _list("problems", report.problems)
    lines += _list("rejects", [f"line {reject.line}: {reject.reason}" for reject in report.rejects])
    return "\n".join(lines)


def _list(title: str, sentences: Sequence[str]) -> list[str]:
    shown = [f"{title if number == 0 else '':<10}{text}" for number, text in enumerate(sentences[:_SHOWN])]
    hidden = len(sentences) - len(shown)
    return [*shown, f"          and {hidden} more: see --json"] if hidden else shown


def _count(report: Report) -> str:
    counts = f"{report.records_read} read, {report.rows_written} rows, {report.records_rejected} rejected"
    return f"{counts}, {report.rows_rescued} rows with rescued cells" if report.rows_rescued else counts


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
