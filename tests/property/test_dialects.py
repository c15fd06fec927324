"""Tables of any text, written in every dialect, come back equal, or the file is refused."""

import bz2
import gzip
import lzma
import os
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from csvlake.engine.dialect import decide
from csvlake.engine.grammar import Incomplete, Unclosed
from csvlake.engine.model import ConvertOptions
from csvlake.engine.records import read_records
from csvlake.engine.source import open_source, open_text
from csvlake.errors import TerminalError

EXAMPLES = int(os.environ.get("CSVLAKE_EXAMPLES", "500"))
DELIMITERS = [",", ";", "\t", "|", ":", "^", "~", " ", "\x1f", "||", ", ", "::", "|@|"]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PLAIN = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\"'\\,;\t|:^~ \x1f@#\ufeff"), min_size=1
)
VALUES = st.one_of(
    st.integers().map(str), st.decimals(allow_nan=False, allow_infinity=False).map(str), st.dates().map(str)
)


@st.composite
def tables(draw: st.DrawFn, cells: st.SearchStrategy[str]) -> list[list[str]]:
    width = draw(st.integers(1, 6))
    names = draw(
        st.lists(st.sampled_from(["id", "name", "city", "note", "when", "x_y"]), min_size=width, max_size=width)
    )
    columns = [draw(st.sampled_from([cells, VALUES])) for _ in range(width)]
    return [names, *draw(st.lists(st.tuples(*columns).map(list), max_size=12))]


def write(rows: Sequence[Sequence[str]], delimiter: str, quote: str, escape: str | None, end: str) -> str:
    def cell(text: str) -> str:
        if escape:
            text = text.replace(escape, escape * 2).replace(quote, escape + quote)
        else:
            text = text.replace(quote, quote * 2)
        return quote + text + quote

    return "".join(delimiter.join(cell(text) for text in row) + end for row in rows)


def read(data: bytes, options: ConvertOptions) -> list[list[str]]:
    text = open_text(open_source(data), options)
    layout = decide(text, options)
    assert text.size is not None
    end = layout.body_end if layout.body_end is not None else text.size
    body = text.read_range(layout.body_start, end - layout.body_start)
    got = read_records(body, layout, offset=layout.body_start, line=layout.first_line, final=True)
    assert not got.rejects
    header = [list(layout.names)] if layout.dialect.has_header else []
    return header + [[cell.decode() for cell in record.cells] for record in got.records]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=tables(TEXT),
    delimiter=st.sampled_from(DELIMITERS),
    quote=st.sampled_from("\"'"),
    escape=st.sampled_from([None, "\\"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_is_written_in_a_given_dialect_comes_back(
    rows: list[list[str]], delimiter: str, quote: str, escape: str | None, end: str
) -> None:
    data = write(rows, delimiter, quote, escape, end).encode()
    options = ConvertOptions(delimiter=delimiter, quote=quote, escape=escape or "", header=True, encoding="utf-8")
    assert read(data, options) == rows


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=tables(TEXT),
    delimiter=st.sampled_from(DELIMITERS),
    quote=st.sampled_from("\"'"),
    escape=st.sampled_from([None, "\\"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
@example(rows=[["id"], ["\r"]], delimiter=",", quote="'", escape=None, end="\n")
def test_what_is_written_with_quotes_comes_back_or_is_refused(
    rows: list[list[str]], delimiter: str, quote: str, escape: str | None, end: str
) -> None:
    data = write(rows, delimiter, quote, escape, end).encode()
    try:
        got = read(data, ConvertOptions(header=True))
    except TerminalError:
        return
    assert got == rows


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    rows=tables(PLAIN).filter(lambda rows: len(rows) > 2),
    delimiter=st.sampled_from([",", ";", "\t", "|", "\x1f", "||"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"]),
    pack=st.sampled_from([bytes, gzip.compress, bz2.compress, lzma.compress]),
)
def test_what_is_written_without_quotes_comes_back_or_is_refused(
    rows: list[list[str]], delimiter: str, encoding: str, pack: type[bytes]
) -> None:
    text = "".join(delimiter.join(row) + "\n" for row in rows)
    try:
        got = read(pack(text.encode(encoding)), ConvertOptions(header=True))
    except TerminalError:
        return
    assert got == rows


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.one_of(st.binary(max_size=300), st.text("a1,;\"'\\\n\r\t |#=", max_size=200).map(str.encode)))
@example(b'"')
@example(b"sep=,")
@example(b"\xff\xfe")
@example(b"\x1f\x8b\x08")
def test_any_bytes_are_read_or_refused_and_nothing_is_lost(data: bytes) -> None:
    try:
        text = open_text(open_source(data), ConvertOptions())
        layout = decide(text, ConvertOptions())
    except TerminalError:
        return
    assert text.size is not None
    end = layout.body_end if layout.body_end is not None else text.size
    body = text.read_range(layout.body_start, end - layout.body_start)
    try:
        got = read_records(body, layout, offset=layout.body_start, line=layout.first_line, final=True)
    except (Incomplete, Unclosed):
        pytest.fail("a state of the reader escaped")
    raw = [*(r.raw for r in got.records), *(r.raw for r in got.rejects), *(s.text for s in got.skipped)]
    ends = b"\r\n"
    assert sum(len(r.translate(None, ends)) for r in raw) == len(body.translate(None, ends))
    assert got.consumed == len(body)
