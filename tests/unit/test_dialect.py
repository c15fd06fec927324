"""Dialects decided from small files, each made for one thing that real files do."""

from pathlib import Path

import pytest

from csvlake.engine.dialect import decide
from csvlake.engine.layout import Layout
from csvlake.engine.model import ConvertOptions
from csvlake.engine.records import read_records
from csvlake.engine.source import open_source, open_text
from csvlake.errors import TerminalError

PLAIN = ConvertOptions()


def read(data: bytes | str, options: ConvertOptions = PLAIN) -> tuple[Layout, list[list[str]]]:
    raw = data.encode() if isinstance(data, str) else data
    text = open_text(open_source(raw), options)
    layout = decide(text, options)
    assert text.size is not None
    end = layout.body_end if layout.body_end is not None else text.size
    body = text.read_range(layout.body_start, end - layout.body_start)
    read = read_records(body, layout, offset=layout.body_start, line=layout.first_line, final=True)
    assert not read.rejects
    return layout, [[cell.decode() for cell in record.cells] for record in read.records]


ROWS = [["1", "Ann", "3.50"], ["2", "Bob", "4.25"], ["3", "Cid", "5.00"]]


@pytest.mark.parametrize(
    "delimiter", [",", ";", "\t", "|", ":", "^", "~", " ", "\x1f", "||", "::", "|@|", ", ", "; ", " | ", "  ", "~|~"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_delimiter_and_line_end_is_found(delimiter: str, end: str) -> None:
    lines = [delimiter.join(row) for row in [["id", "name", "price"], *ROWS]]
    layout, rows = read(end.join(lines) + end)
    assert (layout.dialect.delimiter, layout.dialect.line_end) == (delimiter, end)
    assert layout.names == ("id", "name", "price")
    assert rows == ROWS


def test_columns_aligned_by_runs_of_blanks() -> None:
    layout, rows = read("id   name  price\n1    Ann   3.50\n22   Bobby 4.25\n333  Cid   5.00\n")
    assert layout.dialect.delimiter == " +"
    assert rows == [["1", "Ann", "3.50"], ["22", "Bobby", "4.25"], ["333", "Cid", "5.00"]]


def test_decimal_commas_do_not_make_a_comma_file() -> None:
    layout, rows = read("id;price;weight\n1;3,50;1,5\n2;4,25;2,5\n3;5,00;3,5\n")
    assert layout.dialect.delimiter == ";"
    assert rows[0] == ["1", "3,50", "1,5"]


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("name\nAnn Lee\nBob, Sr. Ray\nCid\n", [["Ann Lee"], ["Bob, Sr. Ray"], ["Cid"]]),
        ("name\nAnn Lee\nBob Ray\n", [["Ann Lee"], ["Bob Ray"]]),
        ("full name\nAnn Lee\nBob Ray\n", [["Ann Lee"], ["Bob Ray"]]),
        ("when\n2020-01-01 10:00:00\n2020-01-02 11:30:00\n", [["2020-01-01 10:00:00"], ["2020-01-02 11:30:00"]]),
        ("url\nhttp://a.b/c\nhttp://d.e/f\n", [["http://a.b/c"], ["http://d.e/f"]]),
        ("n\n1\n\n3\n", [["1"], [""], ["3"]]),
    ],
)
def test_one_column_is_legal(text: str, cells: list[list[str]]) -> None:
    layout, rows = read(text)
    assert layout.width == 1
    assert rows == cells


@pytest.mark.parametrize(
    ("text", "quote", "escape", "first"),
    [
        ('a,b\n"x ""y"" z",1\n"p,q",2\n', '"', None, ["x ", "y"]),
        ("a,b\n'x, y',1\n'p',2\n", "'", None, ["x, y"]),
        ('a,b\n"x \\"y\\" z",1\n"p, q",2\n', '"', "\\", ['x "y" z']),
        ('a\tb\n"x\t1\ny"\t2\n5" pipe\t3\n"z\t4\n', None, None, ['"x']),
    ],
)
def test_quotes_and_escapes(text: str, quote: str | None, escape: str | None, first: list[str]) -> None:
    layout, rows = read(text)
    assert (layout.dialect.quote, layout.dialect.escape) == (quote, escape)
    assert rows[0][0].startswith(first[0])


@pytest.mark.parametrize(
    ("text", "code", "option"),
    [
        ("a;b,c\nx;y,z\np;q,r\n", "undecided_delimiter", "delimiter="),
        ("a,b\n'x',1\n'y',2\nz,3\nw,4\nv,5\n", "undecided_quote", "quote="),
        ("a,b\nx\\\\y,1\nz,2\n", "undecided_escape", "escape="),
        ("a,b\n1,2\n3,4\n\nc,d,e\n1,2,3\n4,5,6\n", "several_tables", "file of its own"),
        ("\n \n\r\n", "empty_file", "no text"),
        (",".join(["x"] * 20_001) + "\n1\n", "too_many_columns", "20001"),
        ("x" * (1 << 21), "header_too_long", "first line"),
    ],
)
def test_what_the_bytes_do_not_decide_is_refused_with_what_would(text: str, code: str, option: str) -> None:
    with pytest.raises(TerminalError) as refusal:
        read(text)
    assert refusal.value.code == code
    assert option in refusal.value.message


@pytest.mark.parametrize(
    "options",
    [
        ConvertOptions(quote="''"),
        ConvertOptions(quote="\n"),
        ConvertOptions(quote="é"),
        ConvertOptions(escape="ab"),
        ConvertOptions(delimiter=",\n"),
        ConvertOptions(delimiter='"', quote='"'),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: ConvertOptions) -> None:
    with pytest.raises(TerminalError) as refusal:
        read("a,b\n1,2\n", options)
    assert refusal.value.code == "unusable_option"


@pytest.mark.parametrize("line", [b"sep=\x98", b'sep="', b"sep=a"])
def test_a_hint_that_names_no_delimiter_is_a_record(line: bytes) -> None:
    layout, rows = read(line + b";b\n1;2\n3;4\n", ConvertOptions(delimiter=";", encoding="cp1252"))
    assert not layout.skipped
    assert rows == [["1", "2"], ["3", "4"]]


def test_what_was_given_wins() -> None:
    text = "a;b,c\nx;y,z\np;q,r\n"
    assert read(text, ConvertOptions(delimiter=";"))[1] == [["x", "y,z"], ["p", "q,r"]]
    assert read(text, ConvertOptions(delimiter=","))[1] == [["x;y", "z"], ["p;q", "r"]]
    assert read("a,b\n1,2\n", ConvertOptions(header=False))[1] == [["a", "b"], ["1", "2"]]
    assert read("1,2\n3,4\n", ConvertOptions(header=True))[0].names == ("1", "2")
    single = "a,b\n'x',1\n'y',2\nz,3\n"
    assert read(single, ConvertOptions(quote="'"))[1][0] == ["x", "1"]
    assert read(single, ConvertOptions(quote='"'))[1][0] == ["'x'", "1"]
    doubled = 'a,b\n"x\\\\y",1\nz,2\n'
    assert read(doubled, ConvertOptions(escape="\\"))[1][0] == ["x\\y", "1"]
    assert read(doubled, ConvertOptions(escape=""))[1][0] == ["x\\\\y", "1"]


def test_an_escaped_single_quote_proves_that_it_quotes() -> None:
    layout, rows = read("12|ab|plain\n34|cd|'Bob\\'s \\'own\\' text'\n'56'|ef|more\n")
    assert (layout.dialect.quote, layout.dialect.escape) == ("'", "\\")
    assert rows == [["12", "ab", "plain"], ["34", "cd", "Bob's 'own' text"], ["56", "ef", "more"]]


@pytest.mark.parametrize(
    "body",
    [
        "1,'C:\\a\\'\n2,'C:\\b\\'\n3,x\n4,y\n5,z\n",  # backslashes that end cells
        "1,'a'\n2,O\\'Neil\n3,'b'\n4,y\n5,z\n",  # no cell needs the backslash to end where it does
    ],
)
def test_backslashes_elsewhere_prove_nothing(body: str) -> None:
    with pytest.raises(TerminalError, match="stand in single quotes, which may be quotes or text"):
        read("n,text\n" + body)


def test_where_double_quotes_are_used_an_escape_proves_nothing() -> None:
    layout, rows = read("n,text\n1,'it\\'s'\n2,\"a, b\"\n3,'c'\n")
    assert (layout.dialect.quote, rows[0][1]) == ('"', "'it\\'s'")


@pytest.mark.parametrize("pad", range(0, 60, 7))
def test_counting_is_enough_wherever_a_sample_ends(pad: int) -> None:
    row = '7,"one ""line"",\nand\r\nanother",2.50\n'
    text = "id,text,amount\n" + "1,%s,1.00\n" % ("x" * pad) + row * 60_000
    layout = decide(open_text(open_source(text.encode()), ConvertOptions()), ConvertOptions())
    assert any(sentence.startswith("all ") and "3 cells by comma" in sentence for sentence in layout.dialect.evidence)
    assert (layout.width, layout.dialect.quote) == (3, '"')


def test_evidence_names_the_runner_up() -> None:
    layout, _ = read("id;n, kg\n1;2,5\n2;3,5\n3;4,5;x\n")
    assert any("semicolon: 3 of 4 records" in sentence for sentence in layout.dialect.evidence)
    assert any(sentence.startswith("runner-up comma") for sentence in layout.dialect.evidence)


def test_every_expected_table_of_csv_spectrum(request: pytest.FixtureRequest) -> None:
    import json

    folder = Path(request.config.rootpath).parent / "shared" / "data" / "csv_spectrum"
    if not folder.is_dir():
        pytest.skip("csv_spectrum is not beside the project")
    for path in sorted((folder / "csvs").glob("*.csv")):
        expected = json.loads((folder / "json" / f"{path.stem}.json").read_text())
        layout, rows = read(path.read_bytes())
        got = [dict(zip(layout.names, row, strict=True)) for row in rows]
        assert got == [{k: v.replace("\r\n", "\n") for k, v in row.items()} for row in expected] or got == expected, (
            path
        )
