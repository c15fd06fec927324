"""What the verbs that read one file have in common: its options, and its report in words and as plain values."""

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any, TextIO

from csvlake.engine.model import ConvertOptions, Reject, Report
from csvlake.files import read_contract

__all__ = ["add_file", "add_options", "as_text", "count_records", "read_options", "write_report"]

_REJECT = """
    {{
      "line": {},
      "byte_offset": {},
      "reason": {},
      "raw": {}
    }}"""
_encode = json.JSONEncoder(ensure_ascii=False).encode  # of a text; json.dumps makes an encoder each time


def add_file(parser: argparse.ArgumentParser) -> None:
    """Let a verb take a file, and say how it is to be read."""
    parser.add_argument("file", metavar="FILE", help="a path or an s3:// URL")
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let a verb take what there is to say of how files are to be read."""
    parser.add_argument("--with", dest="contract_file", metavar="CONTRACT", help="a contract to obey")
    parser.add_argument("--types", choices=["lossless", "text"], default="lossless", help="text: every column as it is")
    parser.add_argument("--delimiter", help="what stands between cells; \\t for a tab (default: found out)")
    parser.add_argument("--quote", help="the quote character, '' for none (default: found out)")
    parser.add_argument("--escape", help="what makes a quote text, '' for a doubled quote (default: found out)")
    parser.add_argument("--encoding", help="such as utf-8 or windows-1252 (default: found out)")
    parser.add_argument("--no-header", action="store_true", help="the first record is data")


def read_options(asked: argparse.Namespace) -> ConvertOptions:
    """Return the engine's options for what was asked."""
    delimiter = asked.delimiter.replace("\\t", "\t") if asked.delimiter else None
    return ConvertOptions(
        types=asked.types,
        contract=read_contract(asked.contract_file) if asked.contract_file else None,
        delimiter=delimiter,
        quote=asked.quote,
        escape=asked.escape,
        encoding=asked.encoding,
        header=False if asked.no_header else None,
    )


def write_report(report: Report, file: TextIO) -> None:
    """Write the whole report as JSON. Of its rejects, which may be more than memory holds, one is taken at a time."""
    plain = asdict(replace(report, rejects=(), skipped=()))
    plain["skipped"] = [{**line._asdict(), "text": as_text(line.text)} for line in report.skipped]
    mark = "{"
    for name, value in plain.items():
        file.write(f"{mark}\n  {_dump(name)}: ")
        if name == "rejects":
            _write_rejects(report.rejects, file)
        else:
            file.write(_dump(value, 1))
        mark = ","
    file.write("\n}\n")


def _write_rejects(rejects: Iterable[Reject], file: TextIO) -> None:
    mark = "["
    for reject in rejects:
        texts = _encode(reject.reason), _encode(as_text(reject.raw))
        file.write(mark + _REJECT.format(reject.line, reject.byte_offset, *texts))
        mark = ","
    file.write("[]" if mark == "[" else "\n  ]")


def _dump(value: Any, level: int = 0) -> str:
    """Return a value as it stands at a level of indented JSON, in whose strings no line ends."""
    return json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n" + "  " * level)


def as_text(raw: bytes) -> str:
    """Return a record's bytes as text; what is not UTF-8 is escaped with backslashes."""
    return raw.decode("utf-8", "backslashreplace")


def count_records(report: Report) -> str:
    """Return the report's counts in words."""
    counts = f"{report.records_read} read, {report.rows_written} rows, {report.records_rejected} rejected"
    return f"{counts}, {report.rows_rescued} rows with rescued cells" if report.rows_rescued else counts
