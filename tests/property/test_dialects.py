"""Tables of any text, written in every dialect, come back equal, or the file is refused."""

import os
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from csvlake.engine.dialect import decide
from csvlake.engine.grammar import Incomplete, Unclosed
from csvlake.engine.model import ConvertOptions
from csvlake.engine.source import open_source, open_text
from csvlake.errors import TerminalError
from tests.dialects import DELIMITERS, PACKINGS, Style, Table, convert_cells, read_slowly, write

EXAMPLES = int(os.environ.get("CSVLAKE_EXAMPLES", "500"))
CHECKED = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

UNICODE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
LEGACY = ["cp1252", "iso8859_1", "iso8859_2", "iso8859_5", "iso8859_15", "mac_roman", "koi8_r"]
LEGACY += ["shift_jis", "gb18030", "big5", "euc_kr"]
WORDS = {  # with the encodings that the language was written in
    "Москва Новосибирск яблоко город улица человек хорошо время работа книга": "koi8_r cp1251 iso8859_5",
    "東京 大阪 日本語 こんにちは ありがとう カタカナ なまえ 住所 電話番号 会社です": "shift_jis euc_jp cp932",
    "北京 上海 中国 你好 世界 人民 公司 电话 地址 名称": "gb18030",
    "台北 高雄 臺灣 你好 世界 電話 地址 名稱 資料 公司": "big5",
    "서울 부산 대한민국 안녕하세요 이름 주소 전화 회사 데이터 사람": "euc_kr",
    "Orléans Besançon été Noël garçon élève hôtel forêt Évian français": "cp1252 iso8859_1 mac_roman iso8859_15",
    "München Köln Düsseldorf Straße Größe Übung Ärger Bücher schön Füße": "cp1252 iso8859_1 mac_roman",
    "Łódź Kraków Gdańsk Poznań źródło żółty miłość ręka święto książka": "cp1250 iso8859_2",
}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PLAIN = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\"'\\,;\t|:^~ \x1f@#\ufeff"), min_size=1
)
VALUES = st.one_of(
    st.integers().map(str), st.decimals(allow_nan=False, allow_infinity=False).map(str), st.dates().map(str)
)
ENDS = st.sampled_from([("\n",), ("\r\n",), ("\r",), ("\n", "\r\n"), ("\r\n", "\n", "\n")])
NAMES = ["id", "name", "city", "note", "when", "x_y"]


@st.composite
def tables(draw: st.DrawFn, cells: st.SearchStrategy[str], least: int = 0, widest: int = 6) -> list[list[str]]:
    width = draw(st.integers(1, widest))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=width, max_size=width))
    columns = [draw(st.sampled_from([cells, VALUES])) for _ in range(width)]
    return [names, *draw(st.lists(st.tuples(*columns).map(list), min_size=least, max_size=12))]


@st.composite
def styles(draw: st.DrawFn, encodings: list[str]) -> Style:
    return Style(
        delimiter=draw(st.sampled_from(DELIMITERS)),
        quote=draw(st.sampled_from("\"'")),
        escape=draw(st.sampled_from(["", "\\"])),
        ends=draw(ENDS),
        always=draw(st.booleans()),
        encoding=draw(st.sampled_from(encodings)),
        packing=draw(st.sampled_from(list(PACKINGS))),
    )


@st.composite
def encoded_tables(draw: st.DrawFn) -> tuple[list[list[str]], Style]:
    style = draw(styles(UNICODE + LEGACY))
    if style.encoding in UNICODE:
        return draw(tables(TEXT)), style
    return draw(tables(st.text(st.characters(codec=style.encoding, exclude_characters="¥‾\u3164"), max_size=12))), style


@CHECKED
@given(encoded_tables())
def test_what_is_written_in_a_given_dialect_comes_back(written: tuple[list[list[str]], Style]) -> None:
    rows, style = written
    style = replace(style, always=True)
    options = ConvertOptions(
        types="text",
        delimiter=style.delimiter,
        quote=style.quote,
        escape=style.escape,
        header=True,
        encoding=style.encoding,
    )
    assert convert_cells(write(rows, style), options) == rows


@CHECKED
@given(rows=tables(TEXT), style=styles(UNICODE))
@example(rows=[["id"], ["\r"]], style=Style(quote="'"))
@example(rows=[["id", "id"]], style=Style(delimiter=" "))
@example(rows=[["id", "id", "id"], ["*", "", ""]], style=Style())
@example(rows=[["id", "id"], [";", ";"]], style=Style(delimiter=":", quote="'"))
@example(rows=[["id", "id"], *[['"', '"']] * 5], style=Style(delimiter=":"))
@example(rows=[["id", "id"], ['"', '"']], style=Style(delimiter=":", escape="\\"))
@example(rows=[["id", "id"], *[["", "|"]] * 3], style=Style(delimiter=":", quote="'"))
def test_what_is_written_with_quotes_comes_back_or_is_refused(rows: Table, style: Style) -> None:
    style = replace(style, always=True)
    try:
        got = convert_cells(write(rows, style), ConvertOptions(types="text", header=True))
    except TerminalError:
        return
    assert got == rows


@CHECKED
@given(rows=tables(PLAIN, least=2), style=styles(UNICODE))
@example(rows=[["id"], ["\xa0\xa0\xa0\xa0"], ["\xa0\xa0\xa0\xa0"]], style=Style(encoding="utf-16-le"))
@example(rows=[["id"], ["0"], ["\u0100" * 12]], style=Style(encoding="utf-16-le"))
@example(
    rows=[["id"], ["\ub780"], *[["\u0100" * 2]] * 2, ["\u0100\u0100\U00020a00"]],
    style=Style(always=False, encoding="utf-32-le"),
)
def test_what_is_written_without_quotes_comes_back_or_is_refused(rows: Table, style: Style) -> None:
    style = replace(style, quote="", escape="")
    if style.delimiter not in {",", ";", "\t", "|", "\x1f", "||", "|@|", "^", "~"}:
        style = replace(style, delimiter=",")
    try:
        got = convert_cells(write(rows, style), ConvertOptions(types="text", header=True))
    except TerminalError:
        return
    assert got == rows


@st.composite
def written_words(draw: st.DrawFn) -> tuple[list[list[str]], str]:
    words = draw(st.sampled_from(list(WORDS)))
    texts = st.lists(st.sampled_from(words.split()), min_size=2, max_size=4).map(" ".join)
    rows = draw(st.lists(st.tuples(st.integers(0, 99).map(str), texts, texts).map(list), min_size=6, max_size=12))
    return [["id", "name", "note"], *rows], draw(st.sampled_from(WORDS[words].split()))


@CHECKED
@given(written_words(), styles(UNICODE))
def test_words_in_the_encoding_of_their_language_come_back_or_are_refused(
    written: tuple[list[list[str]], str], style: Style
) -> None:
    rows, encoding = written
    style = replace(style, encoding=encoding, quote='"', escape="", delimiter=",")
    try:
        got = convert_cells(write(rows, style), ConvertOptions(types="text", header=True))
    except TerminalError:
        return
    assert got == rows


ABOVE = [
    [],
    ["Sales report"],
    ["Sales report", ""],
    ["# made by a program", "# on a machine"],
    ["Report of all sales of the year", "Source: the ministry", ""],
]
BELOW = [[], ["Total 17"], ["", "Source: the ministry"], ["(12 rows)"], ["* provisional"]]


@CHECKED
@given(
    rows=tables(PLAIN, least=4).filter(lambda rows: len(rows[0]) > 2),
    style=styles(["utf-8"]),
    above=st.sampled_from(ABOVE),
    below=st.sampled_from(BELOW),
    is_hinted=st.booleans(),
)
def test_lines_around_a_table_are_listed_or_read_and_no_record_is_lost(
    rows: Table, style: Style, above: list[str], below: list[str], is_hinted: bool
) -> None:
    style = replace(style, quote="", escape="", delimiter=";" if style.delimiter[0] in ":^~ " else style.delimiter[0])
    hint = [f"sep={style.delimiter}"] if is_hinted else []
    data = write(rows, style, [*hint, *above], below)
    try:
        layout, read = read_slowly(data, ConvertOptions())
    except TerminalError:
        return
    assert not read.rejects
    told = [skipped.text.decode() for skipped in (*layout.skipped, *read.skipped)]
    header = [list(layout.names)] if layout.dialect.has_header else []
    cells = header + [[cell.decode() for cell in record.cells] for record in read.records]
    for row in rows:
        assert row in cells
    for line in [*hint, *above, *below]:
        assert not line or line in told or line.split(style.delimiter) in cells


@CHECKED
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
        _, got = read_slowly(data, ConvertOptions())
    except (Incomplete, Unclosed):
        pytest.fail("a state of the reader escaped")
    raw = [*(r.raw for r in got.records), *(r.raw for r in got.rejects), *(s.text for s in got.skipped)]
    ends = b"\r\n"
    assert sum(len(r.translate(None, ends)) for r in raw) == len(body.translate(None, ends))
    assert got.consumed == len(body)
