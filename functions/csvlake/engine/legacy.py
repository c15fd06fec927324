"""Decide between the encodings that were used before UTF-8, by what makes readable text of the bytes."""

import re
from math import sqrt

from csvlake.engine.plausible import LATIN, MULTI_BYTE, SINGLE_BYTE, score_alphabet, score_decoding
from csvlake.engine.transcode import Chunks, Encoding, decodes
from csvlake.errors import TerminalError

__all__ = ["decide_legacy"]

_SAMPLE_BYTES = 64 << 10
_LINE_BYTES = 1 << 20  # a longer line is no sample
_PLAUSIBLE = 0.25
_MARGIN = 0.1
_NAMES = {**MULTI_BYTE, **SINGLE_BYTE}
_ORDER = tuple(_NAMES)
_KIN = {"mac_cyrillic": "cp1251", "iso8859_7": "cp1253", "cp932": "shift_jis", "cp949": "euc_kr"}
_FEW = 0.25  # of the lines: so many may hold bytes that belong to no encoding, and be rejected


def decide_legacy(chunks: Chunks, whole: bool, name: str, bad: int) -> Encoding:
    """Decide on the encoding of bytes that are not UTF-8.

    Args:
        chunks: starts an iteration over the bytes.
        whole: whether it gives all of them.
        name: of the file, for messages.
        bad: sequences found that are not UTF-8.

    Raises:
        TerminalError: no encoding makes sense of them, and too many lines are concerned to reject them one by one.
    """
    sample, lines, odd_lines = _foreign_lines(chunks)
    scores: list[tuple[float, str, str]] = []
    for codec in _ORDER:
        try:
            text = sample.decode(codec)
        except UnicodeDecodeError:
            continue
        scores.append((score_decoding(text, codec), codec, text))
    scores.sort(key=lambda s: -s[0])
    for value, codec, text in scores:
        if value < _least(text, codec) or not decodes(chunks, codec, 0, whole):
            continue
        rivals = [s for s in scores if s[0] > value - _MARGIN and s[2] != text and s[1] != codec]
        _refuse_strangers(scores, (value, codec, text), name)
        if rivals:
            # Close by their neighbours: the letters should be those of one language; else the more usual encoding.
            value, codec, text = max(
                [(value, codec, text), *rivals],
                key=lambda s: (round(s[0] + 0.3 * score_alphabet(s[2]), 2), -_ORDER.index(s[1])),
            )
        label = _NAMES[codec]
        runner = next((s for s in scores if s[1] != codec and s[2] != text), None)
        evidence = [f"{bad} sequences are not UTF-8; read as {label} the text is plausible ({value:.2f})"]
        if runner is not None:
            evidence.append(f"runner-up encoding {_NAMES[runner[1]]} ({runner[0]:.2f})")
        return Encoding(label, 0, tuple(evidence), whole)
    return _fall_back(scores, whole, name, lines, odd_lines)


def _refuse_strangers(scores: list[tuple[float, str, str]], best: tuple[float, str, str], name: str) -> None:
    """Raise where text in other letters is about as plausible; encodings of a family differ in a few signs only."""
    value, codec, text = best
    margin = _MARGIN + 0.4 / sqrt(_count_foreign(text))
    for rival, other, read in scores:
        if rival > value - margin and read != text and _family(other) != _family(codec):
            raise TerminalError(
                "undecided_encoding",
                f"{name} reads as well in {_NAMES[codec]} ({_excerpt(text)}) as in {_NAMES[other]} "
                f"({_excerpt(read)}): set encoding=, by --encoding or a line of _contract.yaml",
            )


def _least(text: str, codec: str) -> float:
    """Return how plausible a text must be: more where little of it is foreign, but for single Latin letters."""
    count = _count_foreign(text)
    alone = sum(len(run) == 1 for run in re.findall(r"[^\x00-\x7f]+", text)) if codec in LATIN else 0
    return _PLAUSIBLE + 0.5 * (1 - alone / count) / sqrt(count)


def _count_foreign(text: str) -> int:
    """Count the characters outside ASCII; few of them prove little."""
    return max(1, len(text) - len(text.encode("ascii", "ignore")))


def _family(codec: str) -> str:
    """Return one encoding for all that have the same letters in nearly the same places."""
    return "cp1252" if codec in LATIN else _KIN.get(codec, codec)


def _excerpt(text: str) -> str:
    """Return the first word that is not ASCII."""
    return next((word for word in re.split(r"[\x00-\x7f]+", text) if word), "")[:20]


def _fall_back(scores: list[tuple[float, str, str]], whole: bool, name: str, lines: int, odd_lines: int) -> Encoding:
    """Find a way when nothing is plausible: a few records are rejected, many refuse the file."""
    if odd_lines <= max(1, _FEW * lines) and lines > 1:
        text = f"{odd_lines} of {lines} lines hold bytes of no known encoding; the rest is UTF-8: they are rejected"
        return Encoding("utf-8", 0, (text,), whole)
    guesses = ", ".join(_NAMES[s[1]] for s in scores[:3]) or "none known here"
    raise TerminalError(
        "undecided_encoding",
        f"{odd_lines} of {lines} lines of {name} are not UTF-8, and read as no other encoding (tried best: {guesses}) "
        "do they make sense: set encoding=, by --encoding or a line of _contract.yaml",
    )


def _foreign_lines(chunks: Chunks) -> tuple[bytes, int, int]:
    """Return lines with bytes outside ASCII, up to a sample's size, the number of lines, and of such lines."""
    kept: list[bytes] = []
    size = total = odd = 0
    rest = b""
    for chunk in chunks():
        lines = (rest + chunk).splitlines(keepends=True)
        rest = lines.pop() if lines and not lines[-1].endswith((b"\n", b"\r")) and len(lines[-1]) < _LINE_BYTES else b""
        total += len(lines)
        foreign = [line for line in lines if not line.isascii()]
        odd += len(foreign)
        for line in foreign:
            if size < _SAMPLE_BYTES and len(line) < _LINE_BYTES:
                kept.append(line)
                size += len(line)
    if rest:
        total += 1
        if not rest.isascii():
            odd += 1
            kept.append(rest)
    return b"".join(kept), max(total, 1), odd
