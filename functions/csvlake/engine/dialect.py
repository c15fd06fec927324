"""Decide how a file was written."""

import re
from collections import Counter

from csvlake.engine.grammar import Incomplete, Unclosed, compile_grammar, parse_record
from csvlake.engine.layout import Layout, Skipped
from csvlake.engine.model import ConvertOptions, Dialect
from csvlake.engine.text import TextBytes
from csvlake.errors import TerminalError

__all__ = ["Layout", "Skipped", "decide"]

SAMPLE_BYTES = 1 << 20
_DELIMITERS = (",", ";", "\t", "|")
_QUOTED = re.compile(rb'"[^"]*+"')
_ENDS = re.compile(rb"\r\n|\r|\n")


def decide(text: TextBytes, options: ConvertOptions) -> Layout:
    """Decide delimiter, quotes, header and where the body is.

    Raises:
        TerminalError: the evidence does not decide; the message names the option that would.
    """
    data = text.read_range(0, SAMPLE_BYTES)
    whole = text.size is not None and len(data) == text.size
    if not data.strip():
        raise TerminalError("empty_file", f"{text.source.name} holds no text")
    quote = options.quote if options.quote is not None else '"'
    delimiter, why = _delimiter(data, whole, options)
    g = compile_grammar(delimiter, quote or None, None)
    try:
        match = parse_record(data, 0, g, whole)
    except (Unclosed, Incomplete):
        raise TerminalError(
            "undecided_header", f"a quote opens in the first record of {text.source.name} and never closes: set quote="
        ) from None
    names = tuple(c.decode("utf-8", "replace") for c in match.cells)
    header = options.header if options.header is not None else True
    body_start = match.end if header else 0
    first_line = 1 + len(_ENDS.findall(data[:body_start]))
    if not header:
        names = tuple(f"column_{i + 1}" for i in range(len(names)))
    ends = Counter(_ENDS.findall(data))
    line_end = next(iter(ends)).decode() if len(ends) == 1 else ("mixed" if ends else "\n")
    dialect = Dialect(delimiter, quote or None, None, text.encoding, text.compression, header, 0, line_end, (why,))
    return Layout(dialect, names, body_start, first_line, None)


def _delimiter(data: bytes, whole: bool, options: ConvertOptions) -> tuple[str, str]:
    """Return the delimiter that gives the most lines one same number of cells."""
    if options.delimiter:
        return options.delimiter, f"delimiter {options.delimiter!r} was given"
    lines = [line for line in _ENDS.split(_QUOTED.sub(b"", data)) if line]
    if not whole and len(lines) > 1:
        lines.pop()
    scores = []
    for delimiter in _DELIMITERS:
        width, agreeing = Counter(line.count(delimiter.encode()) for line in lines).most_common(1)[0]
        if width:
            scores.append((agreeing / len(lines), width, delimiter))
    if not scores:
        return ",", "no delimiter occurs in most lines: one column"
    share, width, delimiter = max(scores)
    return delimiter, f"{share:.0%} of {len(lines)} lines have {width + 1} cells by {delimiter!r}"
