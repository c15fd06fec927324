"""Where records end, by counting quotes; and what is said when the kernel is not there."""

from pathlib import Path
from unittest.mock import patch

import pytest

from csvlake.engine import kernel
from csvlake.engine.columns import Ask, read_columns
from csvlake.engine.kernel import Scanned, Tongue, scan

COMMA = Tongue(b",", 1, ord('"'), b"", 0, 2)
PIPES = Tongue(b"||", 2, ord('"'), b"", 0, 2)


def scan_all(content: bytes, tongue: Tongue = COMMA) -> Scanned:
    return scan(content, tongue, start=0, stop=len(content), size=len(content), is_final=True)


@pytest.mark.parametrize(
    ("content", "records", "lines"),
    [
        (b"", 0, 0),
        (b"a\nb\n", 2, 2),
        (b"a\r\nb", 2, 1),
        (b"a\rb\r\rc", 4, 3),
        (b'"x\ny",1\n\n"\r\n"\r\n', 3, 5),
        (b"\n\n", 2, 2),
        (b'x\n"a\nb"', 2, 2),
        (b'"' + b"x" * 100 + b'\n",2\n' + b"y" * 100, 2, 2),
    ],
)
def test_records_and_lines_are_counted(content: bytes, records: int, lines: int) -> None:
    found = scan_all(content)
    assert (found.end, found.odd, found.records, found.lines) == (len(content), -1, records, lines)


@pytest.mark.parametrize("content", [b'"a","b ""c"""\n""\n', b"a,b\n", b'"",""\r\n"\n"\r'])
def test_quotes_that_belong_are_plain(content: bytes) -> None:
    assert scan_all(content).odd == -1


@pytest.mark.parametrize(
    "content",
    [
        b'5" pipe,x\n',
        b'5" pipe\n',
        b'a "b",c,"d"\r\n',
        b'"5" pipe",x\r',
        b'"a ""b"" "c" d",""\n',
        b'1,"x ""y"" 5" z"\n',
        b'"Ann" Lee,"x"\r\n',
        b'"Ann" Lee,x\n',
        b'1,""x\r',
    ],
)
def test_a_line_that_leaves_no_doubt_is_a_record(content: bytes) -> None:
    found = scan_all(b"x,y\n" + content + b"x,y")
    assert (found.end, found.odd, found.records, found.lines) == (len(content) + 7, -1, 3, 2)
    assert scan_all(content.rstrip(b"\r\n")).records == 1


@pytest.mark.parametrize(
    ("content", "odd"),
    [(b'x\n"a"b\n', 4), (b'"a\n', 0), (b'"a" ,b,c\n', 2), (b'"5" pipe"\n', 2), (b'"a" b"",c\n', 2)],
)
def test_a_quote_that_leaves_doubt_is_odd(content: bytes, odd: int) -> None:
    assert scan_all(content).odd == odd
    assert scan_all(b"x,y\n" + content).end == 4 + content.rfind(b"\n", 0, odd) + 1


@pytest.mark.parametrize(("behind", "odd"), [(b"x,y\n", -1), (b"", -1), (b"x\n", 2), (b"\n", 2), (b'x,"y\n"\n', 2)])
def test_quotes_that_may_close_in_the_next_line_do_not_where_that_is_a_record(behind: bytes, odd: int) -> None:
    content = b'"a" b,c\n'
    assert scan_all(content + behind).odd == odd
    found = scan(content + behind, COMMA, start=0, stop=8, size=8 + len(behind), is_final=False)
    assert (found.end, found.odd) == (8 if odd < 0 and behind else 0, odd)


def test_delimiters_of_several_bytes_are_looked_at_whole() -> None:
    assert scan_all(b'"a"||"b"\n', PIPES).odd == -1
    assert scan_all(b'"a"|"b"\n', PIPES).odd == 2


def test_a_line_with_an_odd_quote_is_told_of_once_all_of_it_is_there() -> None:
    content = b'x,y\n5" pipe,xy\r\nx,y\n'
    for size in range(5, len(content)):
        found = scan(content[:size], COMMA, start=0, stop=size, size=size, is_final=False)
        assert (found.end, found.odd, found.records) == ((4, -1, 1) if size < 16 else (16, -1, 2))
        assert scan(content, COMMA, start=0, stop=size, size=20, is_final=True).end == found.end
    assert scan(content, COMMA, start=0, stop=20, size=20, is_final=True, most_records=1).end == 4
    assert scan(content, COMMA, start=0, stop=20, size=20, is_final=True, most_records=2).end == 16


@pytest.mark.parametrize(("length", "odd"), [((1 << 20) - 1, -1), (1 << 20, 1)])
def test_a_long_line_with_an_odd_quote_is_left_to_the_record_reader(length: int, odd: int) -> None:
    content = b'5" pipe,' + b"x" * (length - 8) + b"\n"
    assert scan_all(content + b"x,y\n").odd == odd


def test_it_stops_where_it_is_told_to() -> None:
    content = b"1\n22\n333\n"
    ends = [scan(content, COMMA, start=2, stop=stop, size=9, is_final=False).end for stop in range(2, 9)]
    assert ends == [2, 2, 2, 5, 5, 5, 5]
    assert scan(content, COMMA, start=0, stop=9, size=9, is_final=True, most_records=2).end == 5


def test_a_return_at_the_end_of_what_was_read_may_be_half_a_line_end() -> None:
    assert scan(b"a\r", COMMA, start=0, stop=2, size=2, is_final=False).end == 0
    assert scan(b"a\r", COMMA, start=0, stop=2, size=2, is_final=True).end == 2


def test_sizes_are_checked_before_the_kernel_is_called() -> None:
    with pytest.raises(ValueError, match="do not lie"):
        scan(b"abc", COMMA, start=0, stop=4, size=4, is_final=True)
    with pytest.raises(ValueError, match="0 bytes"):
        read_columns(b"", COMMA, [Ask.TEXT], 1)


def test_more_records_than_were_counted_are_refused() -> None:
    assert read_columns(b"a\nb\n", COMMA, [Ask.TEXT], 1) is None
    assert read_columns(b"a,b\n" * 100, COMMA, [Ask.TEXT], 3) is None


def test_a_kernel_that_is_not_there_is_named_with_the_way_to_build_it(tmp_path: Path) -> None:
    with patch.object(kernel, "_LIBRARY", tmp_path / "kernel.so"), pytest.raises(ImportError, match="make setup"):
        kernel.library.__wrapped__()
