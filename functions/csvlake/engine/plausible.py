"""Score how likely text is that was decoded from bytes of an unknown legacy encoding."""
# ruff: noqa: RUF001 - characters that look alike are this module's subject

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from csvlake.engine.frequent import score_letters, share_frequent

__all__ = ["LATIN", "MULTI_BYTE", "SINGLE_BYTE", "score_alphabet", "score_decoding"]

# Python's codec name → what it is called in reports. Order is the order of preference among equals.
SINGLE_BYTE = {
    "cp1252": "windows-1252",
    "mac_roman": "mac-roman",
    "cp1251": "windows-1251",
    "koi8_r": "koi8-r",
    "iso8859_5": "iso-8859-5",
    "cp1253": "windows-1253",
    "iso8859_7": "iso-8859-7",
    "cp1250": "windows-1250",
    "iso8859_2": "iso-8859-2",
    "cp1254": "windows-1254",
    "iso8859_15": "iso-8859-15",
    "cp1257": "windows-1257",
    "cp1255": "windows-1255",
    "cp1256": "windows-1256",
    "cp874": "cp874",
    "mac_cyrillic": "mac-cyrillic",
    "iso8859_1": "iso-8859-1",
}
MULTI_BYTE = {
    "shift_jis": "shift_jis",
    "cp932": "windows-31j",
    "euc_jp": "euc-jp",
    "gb18030": "gb18030",
    "big5": "big5",
    "euc_kr": "euc-kr",
    "cp949": "cp949",
}
_CONTEXT = re.compile(r"[^\x00-\x7f]")
_MOJIBAKE = re.compile(r"[ÃÂ][\x80-\xbf‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€.|Ã.|Å.")
_MAX_CHARACTERS = 4000
LATIN = {"cp1252", "mac_roman", "cp1250", "iso8859_2", "cp1254", "iso8859_15", "cp1257", "iso8859_1"}
_RARE = 0.5  # what a text without any frequent character loses
_FEW = 5  # characters of another script or of a multi-byte encoding that may come by chance
_QUOTING = "‘’“”«»‚„‹›"
_PUNCTUATION = "–—…•·°©®™€£¥§ªº¿¡±×½¼¾²³¹µ\xa0"
_SINGLE_SIGNS = frozenset(_PUNCTUATION + _QUOTING) - frozenset("…\xa0")
_ASCII_LETTER = re.compile("[A-Za-z]")
_WORD = 10
# Letters outside ASCII of languages whose encodings differ in them, by ISO 639-1 code (Unicode CLDR exemplar sets).
_ALPHABETS = {
    "fr": "àâæçéèêëîïôœùûüÿ",
    "de": "äöüß",
    "es": "áéíñóúü",
    "pt": "ãáàâçéêíóôõú",
    "it": "àèéìòù",
    "sv-no-da": "åäöæøé",
    "is": "áðéíóúýþæö",
    "pl": "ąćęłńóśźż",
    "cs-sk": "áäčďéěíĺľňóôřŕšťúůýž",
    "hu": "áéíóöőúüű",
    "ro": "ăâîșțşţ",
    "hr-sl": "čćđšž",
    "tr": "çğıİöşüâ",
    "et-lv-lt": "ąčęėįšųūžāēģīķļņõäöü",
}
_WESTERN = "".join(_ALPHABETS[code] for code in ("fr", "de", "es", "pt", "it", "sv-no-da"))  # names of many countries
_RUSSIAN = set("оеаинтсрвлкмдпуязыьбгчй")


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    """Return the first word of a letter's Unicode name, its script; empty for anything but a letter."""
    if not unicodedata.category(character).startswith(("L", "M")):
        return ""
    return unicodedata.name(character, "").split(" ")[0]


def _letter(text: str, at: int) -> float:
    """Score a letter outside ASCII by its word: it keeps to one script and one manner of case."""
    before, character, after = text[at - 1 : at], text[at], text[at + 1 : at + 2]
    script = _script(character)
    neighbours = [c for c in (before, after) if c.isalpha()]
    same = [c for c in neighbours if _script(c) == script]
    if script == "LATIN":
        if character in "ªºŸƒ":
            return -0.5
        if not neighbours:
            return -0.5 if character == "ÿ" else 0.3  # byte 255 alone is no letter
        value = 1.0 if _ASCII_LETTER.search(_word_around(text, at)) else -0.3
        if character.isupper() and before.islower():
            value -= 1.5
        if character.islower() and after.isupper():
            value -= 1.0 if before.isupper() else 0.4
        return value
    value = 1.0 if neighbours and len(same) == len(neighbours) else (-0.3 if not neighbours else -1.0)
    if character.isupper() and before.islower():
        value -= 1.5
    if script == "CYRILLIC":
        value += 0.0 if character.lower() in _RUSSIAN else -0.5
    return value


def _word_around(text: str, at: int) -> str:
    """Return the letters around a place, at most as many as most words have."""
    start, end = at, at + 1
    while start > max(0, at - _WORD) and text[start - 1].isalpha():
        start -= 1
    while end < min(len(text), at + _WORD) and text[end].isalpha():
        end += 1
    return text[start:end]


def _other(before: str, character: str, after: str) -> float:
    """Score what is no letter: punctuation that people type, or a sign that nobody does."""
    code = ord(character)
    if code < 0xA0 or 0xE000 <= code < 0xF900 or code == 0xFFFD:
        return -2.0
    if character in _SINGLE_SIGNS and any(c > "\x7f" and not c.isalpha() for c in (before, after)):
        return -0.6  # signs in a row are bytes of something else
    if character in "€£¥¤¦¬¹²³" and after.isalpha():
        return -0.6
    if character in _QUOTING:
        between_letters = before.isalpha() and after.isalpha()
        return 1.0 if not between_letters or character in "’‘" else -0.5
    if character in _PUNCTUATION:
        return -0.6 if before.isalpha() and after.isalpha() and character not in "–—…·\xa0" else 0.8
    return -0.7 if before.isalpha() or after.isalpha() else 0.0


def _single(text: str, codec: str) -> float:
    found = list(_CONTEXT.finditer(text))[:_MAX_CHARACTERS]
    mojibake = {i for m in _MOJIBAKE.finditer(text) for i in range(m.start(), m.end())}
    total = 0.0
    for m in found:
        i = m.start()
        before, after = text[i - 1 : i], text[i + 1 : i + 2]
        if i in mojibake:
            total += 0.5  # UTF-8 that was once read wrongly and saved so: certainly this encoding, and best left alone
        elif m[0].isalpha():
            total += _letter(text, i)
        else:
            total += _other(before, m[0], after)
    foreign = sum(_script(m[0]) not in {"", "LATIN"} for m in found)
    if foreign < _FEW and (foreign or codec not in LATIN):
        total -= len(found)  # another script has whole words: a letter here and there is a misreading
    if not found:
        return 0.0
    scripts = Counter(script for m in found if (script := _script(m[0])) not in {"", "LATIN"})
    main = max(scripts, key=lambda s: scripts[s], default="")
    letters = "".join(m[0] if _script(m[0]) == main else " " for m in found) if main else ""
    return total / len(found) + score_letters(letters, main)


def _common(character: str, codec: str) -> bool:
    """Whether a character is among the everyday ones of the language that a multi-byte encoding is for."""
    code = ord(character)
    if codec in {"shift_jis", "cp932", "euc_jp"}:
        if 0x3040 <= code < 0x3100:
            return True
    elif codec in {"euc_kr", "cp949"}:
        return 0xAC00 <= code < 0xD7A4 or 0x3000 <= code < 0x3020
    if 0x3000 <= code < 0x3020 or 0xFF01 <= code < 0xFF60 or 0x2010 <= code < 0x2027:
        return True
    if not 0x4E00 <= code < 0xA000:
        return False
    reference = {"shift_jis": "euc_jp", "cp932": "euc_jp", "gb18030": "gb2312", "big5": "big5"}.get(codec, codec)
    try:
        lead = character.encode(reference)[0]
    except UnicodeEncodeError:
        return False
    # The first level of each standard: the characters in daily use.
    last = {"euc_jp": 0xCF, "gb2312": 0xD7, "big5": 0xC6}[reference]
    first = 0xA4 if reference == "big5" else 0xB0
    return first <= lead <= last


def score_decoding(text: str, codec: str) -> float:
    """Return about 1 for text of the language that ``codec`` is for, 0 for nothing known, below 0 for nonsense."""
    if codec not in MULTI_BYTE:
        return _single(text, codec)
    foreign = [m[0] for m in list(_CONTEXT.finditer(text))[:_MAX_CHARACTERS]]
    if not foreign:
        return 0.0
    share = sum(_common(c, codec) for c in foreign) / len(foreign)
    if codec in {"shift_jis", "cp932"}:
        share -= sum(0xFF61 <= ord(c) < 0xFFA0 for c in foreign) / len(foreign)
    if codec == "gb18030" and share > 0.9:
        # Korean in EUC-KR reads as everyday Chinese too, but only of the first half of the table.
        leads = [c.encode("gb18030")[0] for c in foreign if 0x4E00 <= ord(c) < 0xA000]
        if len(leads) >= 8 and max(leads) <= 0xC8:
            share -= 0.3
    kana = sum(0x3041 <= ord(c) < 0x30FF for c in foreign)
    if codec in {"euc_jp", "shift_jis", "cp932"} and kana:
        share += 0.2
    elif codec == "euc_jp":
        share -= 0.1  # Japanese without kana is rare, and the bytes are those of Korean and Chinese as well
    if len(foreign) < _FEW:
        share -= 0.4
    share -= sum(_is_beside(text, m.start()) for m in _CONTEXT.finditer(text)) / len(foreign) / 2
    # Nearly everything written is common: what is not counts against it. A third of it is frequent.
    return 1 - 4 * (1 - share) - _RARE * (1 - min(1, 3 * share_frequent(foreign, codec)))


def _is_beside(text: str, at: int) -> bool:
    """Whether a character stands beside a small ASCII letter: a letter of one byte that took another one with it."""
    return "a" <= text[at - 1 : at] <= "z" or "a" <= text[at + 1 : at + 2] <= "z"


def score_alphabet(text: str) -> float:
    """Return the largest share of the Latin letters outside ASCII that one language's alphabet has, 0 to 1.

    Western European languages count together as well, a little less than one alone.
    """
    letters = [c if c == "İ" else c.lower() for c in text if not c.isascii() and c.isalpha()]
    if not letters:
        return 0.0
    one = max(sum(c in alphabet for c in letters) for alphabet in _ALPHABETS.values()) / len(letters)
    return max(one, sum(c in _WESTERN for c in letters) / len(letters) - 0.1)
