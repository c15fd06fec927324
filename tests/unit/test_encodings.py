"""Encodings: decided from the bytes alone, and every byte decoded."""
# ruff: noqa: RUF001 - letters of many scripts are the point

from hashlib import sha512

import pytest

from csvlake.engine import text as text_module
from csvlake.engine.model import ConvertOptions
from csvlake.engine.source import open_source, open_text
from csvlake.errors import TerminalError

RUSSIAN = "имя,город\nИван Петров,Москва\nАнна Сидорова,Санкт-Петербург\nОлег,Казань\n"
CZECH = "jméno,město\nJiří Novák,Plzeň\nŽofie Dvořáková,České Budějovice\nŠtěpán Říha,Ústí\nBěla Křížová,Třebíč\n"
POLISH = "imię,miasto\nŁukasz Żółkiewski,Łódź\nMałgorzata Wiśniewska,Kraków\nZbigniew Dąbrowski,Gdańsk\n"
WESTERN = "nom,ville\nJosé Álvarez,Málaga\nFrançois Dupont,Besançon\nJürgen Müller,Köln\nBjörn,Göteborg\n"
TURKISH = "ad,şehir\nİbrahim Çelik,İstanbul\nAyşe Yıldız,Eskişehir\nOğuz Şahin,Muğla\n"
GREEK = "όνομα,πόλη\nΓιώργος,Αθήνα\nΜαρία,Θεσσαλονίκη\nΝίκος,Πάτρα\n"
JAPANESE = "名前,都市\n山田太郎,東京\n鈴木花子,大阪のまち\n佐藤,カナガワ\n"
CHINESE = "姓名,城市\n王小明,北京\n李大同,上海\n陈明,广州的中国人是这样有在\n"
TRADITIONAL = "姓名,城市\n王小明,臺北\n李大同,高雄\n林美,臺中的人是這樣有在\n"
KOREAN = "이름,도시\n김철수,서울\n이영희,부산\n박민수,대구광역시\n"


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        *((c, RUSSIAN) for c in ("cp1251", "koi8_r", "iso8859_5", "mac_cyrillic")),
        *((c, CZECH) for c in ("cp1250", "iso8859_2")),
        *((c, POLISH) for c in ("cp1250", "iso8859_2")),
        *((c, WESTERN) for c in ("cp1252", "iso8859_1", "iso8859_15", "mac_roman")),
        ("cp1254", TURKISH),
        *((c, GREEK) for c in ("cp1253", "iso8859_7")),
        *((c, JAPANESE) for c in ("shift_jis", "cp932", "euc_jp", "iso2022_jp")),
        ("gb18030", CHINESE),
        ("big5", TRADITIONAL),
        *((c, KOREAN) for c in ("euc_kr", "cp949")),
        *((c, WESTERN + CHINESE) for c in ("utf-8", "utf-8-sig", "utf-16", "utf-32")),
        *((c, WESTERN + CHINESE) for c in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")),
        *((c, "\ufeff" + WESTERN) for c in ("utf-16-be", "utf-32-be")),
    ],
)
def test_text_comes_back_from_its_bytes_alone(codec: str, text: str) -> None:
    opened = open_text(open_source(text.encode(codec)), ConvertOptions())
    assert opened.read_range(0, 1 << 20).decode() == text.lstrip("\ufeff")
    assert opened.evidence


def test_the_encoding_given_wins() -> None:
    data = "a,b\né,ü\n".encode("cp1252")
    opened = open_text(open_source(data), ConvertOptions(encoding="latin-1"))
    assert opened.encoding == "iso8859-1"
    assert opened.read_range(0, 100).decode() == "a,b\né,ü\n"


@pytest.mark.parametrize(("encoding", "code"), [("utf-9", "unknown_encoding"), ("base64", "unknown_encoding")])
def test_an_encoding_that_does_not_exist_is_refused(encoding: str, code: str) -> None:
    with pytest.raises(TerminalError) as refusal:
        open_text(open_source(b"a,b\n"), ConvertOptions(encoding=encoding))
    assert refusal.value.code == code


def test_a_given_encoding_that_the_bytes_contradict_is_refused() -> None:
    with pytest.raises(TerminalError, match="encoding="):
        open_text(open_source(b"a,b\n\x81\x20,1\n"), ConvertOptions(encoding="shift_jis"))


def test_one_damaged_line_does_not_change_the_encoding_of_the_others() -> None:
    lines = ["né,ü\n"] * 20
    data = "".join(lines).encode() + b"\xff\xfe\x80,1\n"
    opened = open_text(open_source(data), ConvertOptions())
    assert opened.encoding == "utf-8"
    assert (
        opened.read_range(0, 1 << 20) == data
    )  # as it is: the record that holds the bytes is for the reader to reject


def test_bytes_that_are_no_text_are_refused_with_the_option_that_decides() -> None:
    junk = b"\n".join(bytes(byte | 0x80 for byte in sha512(b"%d" % i).digest()) for i in range(50))
    with pytest.raises(TerminalError, match="encoding="):
        open_text(open_source(junk), ConvertOptions())


def test_a_letter_far_behind_the_head_is_seen_when_the_whole_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "HEAD_BYTES", 1 << 10)
    monkeypatch.setattr(text_module, "_PROBE_BYTES", 1 << 10)
    data = b"a,b\n" * 20_000 + "Málaga,Besançon\n".encode("cp1252") + b"a,b\n" * 21_000
    first = open_text(open_source(data), ConvertOptions())
    assert (first.encoding, first.encoding_proven) == ("utf-8", False)
    again = open_text(open_source(data), ConvertOptions(), whole=True)
    assert again.encoding == "windows-1252"
    assert again.size == len(data) + 2


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", ["id,name", "id\r1\r2\r", '"id"\n"\0 and 1"\n', "id,名\n1,北京市\n22,上海市\n"])
def test_wide_characters_are_seen_without_a_mark(codec: str, text: str) -> None:
    opened = open_text(open_source(text.encode(codec)), ConvertOptions())
    assert opened.read_range(0, 100).decode() == text


def test_nul_characters_do_not_make_text_wide() -> None:
    for data in (b"a\0,b\0\n1,2\n", b"a,b\n\0,1\n2,\0\n", b"id\n\0"):
        assert open_text(open_source(data), ConvertOptions()).encoding == "utf-8"
    with pytest.raises(TerminalError, match="encoding=utf-16-le or encoding=utf-8"):
        open_text(open_source(b"a\0b\0,\0c,d\n"), ConvertOptions())


def test_short_text_that_reads_well_in_two_alphabets_is_refused() -> None:
    with pytest.raises(TerminalError, match=r"windows-1251 \(ЧТЕНС\) as in koi8-r \(время\): set encoding="):
        open_text(open_source("id,n\n1,время\n2,хорошо\n".encode("koi8-r")), ConvertOptions())


def test_the_mark_is_skipped_where_utf_8_sig_is_given() -> None:
    opened = open_text(open_source("a,b\n".encode("utf-8-sig")), ConvertOptions(encoding="utf-8-sig"))
    assert opened.read_range(0, 100) == b"a,b\n"


def test_byte_255_before_digits_is_no_letter() -> None:
    data = b"a,b\n" + b"\xff1,2\n3,4\n5,6\n7,8\n9,0\n" * 9
    assert open_text(open_source(data), ConvertOptions()).encoding == "utf-8"  # its records are rejected
