"""Where tables begin and end: headers, preambles, comments, footers, hint lines."""

import pytest

from csvlake.engine import dialect as dialect_module
from csvlake.engine.model import ConvertOptions
from tests.unit.test_dialect import read


def skipped(text: str) -> list[tuple[int, str]]:
    return [(s.line, s.kind) for s in read(text)[0].skipped]


@pytest.mark.parametrize(
    ("text", "names", "count"),
    [
        ("1,2.5,x\n2,3.5,y\n3,4.5,z\n", ("column_1", "column_2", "column_3"), 3),
        ("Ann,London\nBob,Paris\n", ("Ann", "London"), 1),
        ("name,city\nBob,Paris\n", ("name", "city"), 1),
        ("country,1990,2000,2010\nFrance,5,6,7\nItaly,8,9,10\n", ("country", "1990", "2000", "2010"), 2),
        ("state,2022\nAlabama,-29.1\nAlaska,-14.6\n", ("state", "2022"), 2),
        ("Province,Lat,1/22/20,1/23/20\nHubei,30.9,444,445\nHenan,33.8,5,6\n", None, 2),
        ("a,b,c\n", ("a", "b", "c"), 0),
        ("1,2,3\n", ("column_1", "column_2", "column_3"), 1),
        ("a,b,\n1,2\n3,4\n", ("a", "b"), 2),
        ("a,b\n1,2,\n3,4,\n", ("a", "b", ""), 2),
        ("x,y\n1,5,6\n2,7,8\n", ("", "x", "y"), 2),
        ("a,a,\n1,2,3\n", ("a", "a", ""), 1),
        ('\ufeff"a",b\n1,2\n', ("a", "b"), 1),
    ],
)
def test_header(text: str, names: tuple[str, ...] | None, count: int) -> None:
    layout, rows = read(text)
    assert names is None or layout.names == names
    assert len(rows) == count


def test_header_of_two_records() -> None:
    layout, rows = read(",North,,South,\nyear,min,max,min,max\n2001,1,2,3,4\n2002,2,3,4,5\n2003,3,4,5,6\n")
    assert layout.names == ("year", "North min", "North max", "South min", "South max")
    assert len(rows) == 3


def test_preamble_is_listed() -> None:
    layout, rows = read("Sales of 2020\n\nregion,q1,q2\nNorth,1,2\nSouth,3,4\n")
    assert layout.names == ("region", "q1", "q2")
    assert [(s.line, s.kind, s.text) for s in layout.skipped] == [(1, "preamble", b"Sales of 2020"), (2, "blank", b"")]
    assert (layout.first_line, layout.dialect.skipped_lines, len(rows)) == (4, 2, 2)


def test_preamble_padded_with_delimiters() -> None:
    text = "Sales of 2020,,\n,,\nregion,q1,q2\nNorth,1,2\nSouth,3,4\n"
    assert read(text)[0].names == ("region", "q1", "q2")
    assert skipped(text) == [(1, "preamble"), (2, "blank")]


def test_comments_above_and_between_records() -> None:
    text = "# made by hand\n# in 2020\na;b\n1;2\n# a remark\n3;4\n#5;6\n"
    layout, rows = read(text)
    assert layout.names == ("a", "b")
    assert rows == [["1", "2"], ["3", "4"], ["#5", "6"]]  # a comment has not the table's width
    assert skipped(text)[:2] == [(1, "comment"), (2, "comment")]


def test_a_header_may_begin_with_a_number_sign() -> None:
    assert read("#chrom\tstart\tend\nchr1\t1\t2\nchr2\t3\t4\n")[0].names == ("#chrom", "start", "end")


def test_footers_are_listed() -> None:
    text = "id,name,n\n1,a,2\n2,b,3\n\nSource: somebody\n"
    assert len(read(text)[1]) == 2
    assert skipped(text) == [(4, "blank"), (5, "footer")]
    assert skipped("id,name,n\n1,a,2\n2,b,3\nTotal,,5\n") == [(4, "footer")]
    assert skipped("id,name,n\n1,a,2\n2,b,3\n(2 rows)\n") == [(4, "footer")]


def test_what_may_be_a_record_is_no_footer() -> None:
    assert len(read("name,n\na,2\nTotal,3\n")[1]) == 2  # names and totals are both texts
    assert read("a,b,c\n1,2,3\n,,\n")[1][-1] == ["", "", ""]
    assert len(read("id,name,n\n1,a,2\n2,b,3\n77\n")[1]) == 3  # cut short, to be rescued


def test_comments_in_a_preamble_are_listed() -> None:
    text = "# note\nSales of May\n# by hand\na;b\n# in the table\n1;2\n3;4\n"
    layout, rows = read(text)
    assert sorted((s.line, s.kind) for s in layout.skipped) == [(1, "comment"), (2, "preamble"), (3, "comment")]
    assert (layout.dialect.skipped_lines, len(rows)) == (3, 2)


def test_hint_line() -> None:
    layout, rows = read("sep=;\r\na;b,c\r\n1;2,3\r\n")
    assert (layout.dialect.delimiter, layout.names, layout.first_line) == (";", ("a", "b,c"), 3)
    assert rows == [["1", "2,3"]]
    assert [(s.line, s.kind) for s in layout.skipped] == [(1, "hint")]


def test_the_footer_of_a_long_file_is_found_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect_module, "SAMPLE_BYTES", 1 << 10)
    text = "id,name,n\n" + "".join(f"{i},a,2\n" for i in range(2000)) + "\nSource: somebody\n"
    layout, rows = read(text)
    assert len(rows) == 2000
    assert [(s.line, s.kind) for s in layout.skipped] == [(-2, "blank"), (-1, "footer")]


def test_ragged_records_are_read_as_they_are() -> None:
    assert read("a,b,c\n1,2,3\n4,5\n6,7,8,9\n1,2,3\n")[1][1:3] == [["4", "5"], ["6", "7", "8", "9"]]


def test_options_for_a_header_make_names_up() -> None:
    assert read("a,b\nc,d\n", ConvertOptions(header=False))[0].names == ("column_1", "column_2")
