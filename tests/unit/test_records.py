"""The slow reader: every byte of a stretch is in a record, a reject or a skipped line, with its place."""

import pytest

from csvlake.engine import records as records_module
from csvlake.engine.blocks import read_block
from csvlake.engine.kinds import TEXT
from csvlake.engine.layout import Layout
from csvlake.engine.model import Dialect
from csvlake.engine.records import Records, read_records
from csvlake.errors import TerminalError


def layout(
    width: int, delimiter: str = ",", quote: str | None = '"', escape: str | None = None, comment: str | None = None
) -> Layout:
    dialect = Dialect(delimiter, quote, escape, "utf-8", None, True, 0, "\n")
    return Layout(dialect, tuple(f"c{i}" for i in range(width)), 0, 1, None, (), comment)


def read(data: bytes, shape: Layout, *, final: bool = True) -> Records:
    return read_records(data, shape, offset=100, line=10, final=final)


def cells(data: bytes, shape: Layout) -> list[tuple[bytes, ...]]:
    got = read(data, shape)
    assert not got.rejects
    return [record.cells for record in got.records]


@pytest.mark.parametrize(
    ("data", "shape", "expected"),
    [
        (b'1,"a\nb"\r\n2,"c\r\nd"\r3,x\n', layout(2), [(b"1", b"a\nb"), (b"2", b"c\r\nd"), (b"3", b"x")]),
        (b'"a ""b"" c",""\n', layout(2), [(b'a "b" c', b"")]),
        (b'"he said "hi" there",1\n', layout(2), [(b'he said "hi" there', b"1")]),
        (b'5" pipe,a"b\n', layout(2), [(b'5" pipe', b'a"b')]),
        (b'"abc" ,1\n', layout(2), [(b"abc ", b"1")]),
        (b'"a"b,"c"d\n', layout(2), [(b"ab", b"cd")]),
        (b'1,"p "x" q \nr"\n2,b\n', layout(2), [(b"1", b'p "x" q \nr'), (b"2", b"b")]),
        (b'"a \\"b\\" c",1\n', layout(2, escape="\\"), [(b'a "b" c', b"1")]),
        (b"a\\,b,C:\\temp\\\\x\n", layout(2, quote=None, escape="\\"), [(b"a,b", b"C:\\temp\\x")]),
        (b"a\x00b,\x00\n", layout(2), [(b"a\x00b", b"\x00")]),
        (b"a||b|c||d\n", layout(3, "||"), [(b"a", b"b|c", b"d")]),
        (b'  a   "b c"  d  \n', layout(3, " +"), [(b"a", b"b c", b"d")]),
        (b"a,b\n\n\nc,d\n", layout(2), [(b"a", b"b"), (b"c", b"d")]),
        (b"a\n\nb\n", layout(1), [(b"a",), (b"",), (b"b",)]),
        (b"a,b,c\nd\n", layout(2), [(b"a", b"b", b"c"), (b"d",)]),
        (b"a,b", layout(2), [(b"a", b"b")]),
        (b"a,", layout(2), [(b"a", b"")]),
    ],
)
def test_cells_are_exact(data: bytes, shape: Layout, expected: list[tuple[bytes, ...]]) -> None:
    assert cells(data, shape) == expected


def test_places_are_physical() -> None:
    got = read(b'1,"a\r\nb"\r\n2,c\n\n3,d\n', layout(2))
    assert [(r.line, r.offset, r.raw) for r in got.records] == [
        (10, 100, b'1,"a\r\nb"'),
        (12, 110, b"2,c"),
        (14, 115, b"3,d"),
    ]
    assert (got.consumed, got.line) == (19, 15)


def test_a_quote_that_never_closes_costs_one_line() -> None:
    got = read(b'1,a\n2,"b\n3,c\n4,"d"\n', layout(2))
    assert [r.cells for r in got.records] == [(b"1", b"a"), (b"3", b"c"), (b"4", b"d")]
    assert [(r.line, r.byte_offset, r.raw) for r in got.rejects] == [(11, 104, b'2,"b')]
    assert "never closes" in got.rejects[0].reason


def test_a_quote_that_would_swallow_records_costs_one_line() -> None:
    data = b'1,"a,x\n' + b"".join(b"%d,b,y\n" % i for i in range(50)) + b'7,"c",z\n'
    got = read(data, layout(3))
    assert len(got.records) == 51
    assert [r.raw for r in got.rejects] == [b'1,"a,x']


@pytest.mark.parametrize("final", [True, False])
def test_a_character_that_is_cut_off_is_valid_only_where_more_may_come(final: bool) -> None:
    got = read(b"1,a\n2,\xc3", layout(2), final=final)
    assert (len(got.records), len(got.rejects), got.consumed) == (1, int(final), 7 if final else 4)


def test_a_record_is_left_whole_where_what_is_in_its_quotes_does_not_end_with_it() -> None:
    # By counting quotes the second line is inside the first record's quotes; by itself it would end elsewhere.
    got = read(b'"open,1\n"","",""\n"","",""\n"","","\r"\n', layout(3))
    assert [len(record.cells) for record in got.records] == [1]
    assert [reject.raw for reject in got.rejects] == [b'"']


def test_bytes_that_are_not_utf8_are_rejected_with_their_record() -> None:
    got = read(b"1,a\n2,\xff\xfe\n3,c\n", layout(2))
    assert len(got.records) == 2
    assert (got.rejects[0].line, got.rejects[0].raw) == (11, b"2,\xff\xfe")
    assert "byte 3 of the record" in got.rejects[0].reason


@pytest.mark.parametrize("length", [1, 63, 64, 130])
@pytest.mark.parametrize("line", [b'5" %b', b'"5" %b"', b'"5" %b'])
def test_an_odd_line_that_is_not_of_the_encoding_is_rejected(line: bytes, length: int) -> None:
    bad = line % (b"x" * length + b"\xff") + b",1"
    block = read_block(bad + b"\n3,4\n", layout(2), [TEXT, TEXT], offset=0)
    assert [reject.raw for reject in block.rejects] == [bad]
    assert (block.rows, block.records) == (1, 2)


def test_a_comment_whose_quotes_go_over_lines_is_one() -> None:
    data = b'1,2\n# x,y,"\n\n"\n\n"a" x,y,"z\n3,4\n'  # a line of which has to be read record by record
    block = read_block(data, layout(2, comment="#"), [TEXT, TEXT], offset=0)
    assert [(s.line, s.text) for s in block.comments] == [(2, b'# x,y,"\n\n"')]
    assert (block.rows, len(block.rejects), block.blank, block.lines) == (2, 1, 1, 7)


def test_comments_have_not_the_width_of_records() -> None:
    got = read(b"# note\n#1,2\n", layout(2, comment="#"))
    assert [(s.line, s.kind, s.text) for s in got.skipped] == [(10, "comment", b"# note")]
    assert [r.cells for r in got.records] == [(b"#1", b"2")]


@pytest.mark.parametrize("cut", range(1, 36))
def test_any_cut_gives_the_same_records(cut: int) -> None:
    data = b'1,"a\r\nb"\r\n2,"c ""d"""\r3,\xc3\xa9\n\r\n4,"e",\n5,f'
    whole = read(data, layout(2)).records
    first = read(data[:cut], layout(2), final=False)
    rest = read_records(data[first.consumed :], layout(2), offset=100 + first.consumed, line=first.line, final=True)
    assert first.records + rest.records == whole


def test_an_odd_record_that_is_very_long_is_rejected_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records_module, "ODD_BYTES", 20)
    got = read(b'1,a\n2,"%s\n",3\n4,%s\n5,6,7\n' % (b"x" * 30, b"y" * 30), layout(2))
    assert [r.cells for r in got.records] == [(b"1", b"a"), (b"4", b"y" * 30), (b"5", b"6", b"7")]
    assert [(r.line, r.reason) for r in got.rejects] == [(11, "not 2 cells, in a record longer than 20 bytes")]
    assert got.rejects[0].raw == b'2,"%s\n",3' % (b"x" * 30)


def test_a_record_over_the_limit_is_rejected_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records_module, "RECORD_BYTES", 20)
    got = read(b"1,a\n2,%s\n3,c\n" % (b"x" * 30), layout(2))
    assert [r.cells for r in got.records] == [(b"1", b"a"), (b"3", b"c")]
    assert "longer than 20 bytes" in got.rejects[0].reason
    with pytest.raises(TerminalError, match="longer than 20 bytes"):
        read(b"1," + b"x" * 30, layout(2), final=False)
