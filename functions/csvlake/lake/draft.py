"""Write a contract to start from, out of what was seen of a table's files.

What it says outright is how csvlake reads these files by itself, all of them together. All else is evidence, behind
``#``: what may be null, what most cells are. Nobody but the owner can decide that.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from csvlake.engine.kinds import Kind, choose_format, glue_type, loosen
from csvlake.engine.survey import Sight, Survey
from csvlake.lake.partition_values import check_partition_value
from csvlake.lake.partitions import unescape_value

__all__ = ["write_draft"]

_MAX_FILES = 20  # listed
_PLAIN = re.compile(r"[a-z][a-z0-9_-]*(?:\(\d+,\d+\))?")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})  # that YAML makes something else of
_ISO = re.compile(r"%Y-%m-%d(?:[ T]%H:%M:%S(?:\.%[0-9]?f)?)?")  # read without a format, each of them beside the others
_FOLDER = re.compile(r"([a-z0-9][a-z0-9_]*)=(.*)")
_ESCAPES = {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}
_SHOWN_CHARS = 40


@dataclass
class _Column:
    """One column of several files."""

    sight: Sight = field(default_factory=Sight)
    spellings: Counter[str] = field(default_factory=Counter)  # header texts, by files
    types: Counter[str] = field(default_factory=Counter)  # by files


def write_draft(surveys: Mapping[str, Survey]) -> str:
    """Return the text of a contract, with its evidence in comments.

    Args:
        surveys: by the files' names; at least one.
    """
    columns: dict[str, _Column] = {}
    for seen in surveys.values():
        for column in seen.report.schema:
            if column.name in seen.columns:
                known = columns.setdefault(column.name, _Column())
                known.sight.add(seen.columns[column.name])
                known.spellings[column.source_name] += 1
                known.types[glue_type(seen.columns[column.name].kind)] += 1
    lines = ["# Made by csvlake inspect --contract. docs/contracts.md tells of every field.", *_tell_files(surveys)]
    lines += _write_dialect(surveys)
    lines.append("columns:")
    for name, known in columns.items():
        lines += _write_column(name, known, len(surveys))
    lines += _write_partitions(surveys)
    return "\n".join(lines) + "\n"


def _tell_files(surveys: Mapping[str, Survey]) -> Iterator[str]:
    for name, seen in list(surveys.items())[:_MAX_FILES]:
        report = seen.report
        yield f"#   {_shorten(name)}: {report.records_read} records, {report.records_rejected} of them rejected"
        yield from (f"#     {_shorten(problem)}" for problem in report.problems[:3])
    if len(surveys) > _MAX_FILES:
        yield f"#   and {len(surveys) - _MAX_FILES} more files"


def _write_dialect(surveys: Mapping[str, Survey]) -> Iterator[str]:
    """Yield how the files are written; where they differ each file is best looked at by itself."""
    dialects = {name: seen.report.dialect for name, seen in surveys.items()}
    first = next(iter(dialects))
    yield from (f"# {_shorten(first)}: {_shorten(sentence)}" for sentence in dialects[first].evidence)
    given = {
        "delimiter": {
            name: _quote(dialect.delimiter) for name, dialect in dialects.items() if len(surveys[name].columns) > 1
        },
        "quote": {name: _quote(dialect.quote) for name, dialect in dialects.items() if dialect.quote},
        "escape": {name: _quote(dialect.escape) for name, dialect in dialects.items() if dialect.escape},
        "encoding": {name: _quote(dialect.encoding.removesuffix("-sig")) for name, dialect in dialects.items()},
        "header": {name: "true" if dialect.has_header else "false" for name, dialect in dialects.items()},
    }
    for key, by_file in given.items():
        counts = Counter(by_file.values())
        if len(counts) == 1 and len(by_file) == len(surveys):
            yield f"{key}: {next(iter(counts))}"
        elif counts:
            told = ", ".join(f"{value} in {_files(count)}" for value, count in counts.most_common())
            yield f"# {key}: {told}; left out, so that each file is looked at"


def _write_column(name: str, known: _Column, files: int) -> Iterator[str]:
    sight = known.sight
    seen = sum(known.spellings.values())
    yield f"  - name: {_scalar(name)}"
    spelled = ", ".join(f"{_clip(text)} in {_files(count)}" for text, count in known.spellings.most_common() if text)
    as_ = f", as {spelled}" if spelled else ""
    yield f"    # in {seen} of {_files(files)}{as_}; {_cells(sight.cells + sight.empty)}, {sight.empty} of them empty"
    type_ = glue_type(sight.kind)
    if len(known.types) > 1:
        each = ", ".join(f"{by_itself} in {_files(count)}" for by_itself, count in known.types.most_common())
        yield f"    # file by file: {each}"
    if sight.cells:
        yield f"    type: {_scalar(type_)}"
        yield from (f"    {line}" for line in _write_format(type_, choose_format(sight.kind, type_)))
    else:
        yield "    # type: string  # no file has a value"
    if type_ == "string":
        yield from _suggest(sight)
    if seen == files and not sight.empty and sight.cells:
        yield "    # required: true"


def _suggest(sight: Sight) -> Iterator[str]:
    """Yield what a column of text would be if some of its cells were null or misfits."""
    words = sum(sight.words.values())
    others = sight.cells - words
    if words:
        yield (
            f"    # null_tokens: [{', '.join(_quote(word) for word, _ in sight.words.most_common())}]"
            f"  # {words} of {_cells(sight.cells)}: "
            f"{', '.join(f'{count} {_quote(word)}' for word, count in sight.words.most_common())}"
        )
    readings = _read_as(sight.rest) if others else []
    yield from _tell_readings(readings, f"all {'of the other ' if words else ''}{_cells(others)}")
    if readings:
        return
    for fit in sight.fits:
        if fit.cells < others < 2 * fit.cells:
            misfits = ", ".join(_clip(text) for text in fit.misfits)
            told = f"{fit.cells} of {_cells(others)}; misfits: {others - fit.cells}, such as {misfits}"
            yield from _tell_readings(_read_as(fit.kind), told)


def _read_as(kind: Kind) -> list[tuple[str, str]]:
    """Return the types that cells may be meant as, each with its format; not only what they prove to be."""
    if kind.name in {"date", "timestamp"} and glue_type(kind) == "string":
        return [(kind.name, date_format) for date_format in sorted({loosen(known) for known in kind.formats})]
    type_ = "boolean" if kind.name == "boolean" else glue_type(replace(kind, is_proven=True))
    return [(type_, choose_format(replace(kind, is_proven=True), type_))] if type_ != "string" else []


def _tell_readings(readings: Sequence[tuple[str, str]], told: str) -> Iterator[str]:
    for number, (type_, known) in enumerate(readings):
        yield f"    # type: {type_}  # {'or' if number else 'instead'}: {told}"
        yield from (f"    # {line}" for line in _write_format(type_, known))


def _write_format(type_: str, known: str) -> Iterator[str]:
    """Yield the line that says how values of a type are written, if there is anything to say."""
    if known and type_ not in {"string", "boolean"} and not _ISO.fullmatch(known):
        yield f"{'date' if type_ in {'date', 'timestamp'} else 'number'}_format: {_quote(known)}"


def _write_partitions(names: Iterable[str]) -> Iterator[str]:
    """Yield the partition keys that all paths have, with types that all values would take."""
    paths = [[_FOLDER.fullmatch(part) for part in name.split("/")[:-1]] for name in names]
    found = [{folder[1]: unescape_value(folder[2]) for folder in path if folder} for path in paths]
    keys = list(found[0])
    if not keys or any(list(values) != keys for values in found):
        return
    yield "# partition_keys:  # of the folders; string without these lines"
    for key in keys:
        values = [values[key] for values in found]
        type_ = next(t for t in ("date", "bigint", "string") if not any(check_partition_value(v, t) for v in values))
        yield f"#   {key}: {type_}"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and text not in _WORDS else _quote(text)


def _quote(text: str | None) -> str:
    """Return a text in quotes, as YAML has it, in one line."""
    if text and text.isprintable() and '"' in text and "'" not in text:
        return f"'{text}'"
    escaped = (text or "").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else _escape(ord(char)) for char in escaped) + '"'


def _escape(code: int) -> str:
    if code in _ESCAPES:
        return _ESCAPES[code]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _clip(text: str) -> str:
    """Return the beginning of a text in quotes, for a comment."""
    return _quote(text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…")


def _shorten(text: str, chars: int = 200) -> str:
    shown = "".join(char if char.isprintable() else _escape(ord(char)) for char in text)
    return shown if len(shown) <= chars else f"{shown[:chars]}…"
