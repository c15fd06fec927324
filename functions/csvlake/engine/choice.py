"""How cells are told apart: what was given, and what was chosen."""

import re
from dataclasses import dataclass

from csvlake.errors import TerminalError

__all__ = ["ENDS", "QUOTED", "STRONG", "WEAK", "Choice", "Given", "name_delimiter"]

STRONG = (",", ";", "\t", "|", "\x1f")  # delimiters that stand in text rarely enough
WEAK = {"^": 0.95, "~": 0.95, ":": 0.8, " +": 0.75, " ": 0.75}  # the others, and what they count
ENDS = re.compile(rb"\r\n|\r|\n")
QUOTED = re.compile(rb'(?:"[^"]*+")++')
_NO_SIGNS = "\r\n"
_NAMES = {
    ",": "comma",
    ";": "semicolon",
    "\t": "tab",
    "|": "pipe",
    ":": "colon",
    "^": "caret",
    "~": "tilde",
    " ": "space",
    " +": "spaces",
    "\x1f": "unit separator",
}


@dataclass(frozen=True)
class Given:
    """What the caller says about cells; None where nothing was said, an empty text for none."""

    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None

    def check(self) -> None:
        """Raise ``TerminalError`` where what was said cannot be meant."""
        signs = {"quote": self.quote or "", "escape": self.escape or ""}
        for option, sign in signs.items():
            if sign and (len(sign) > 1 or not sign.isascii() or sign in _NO_SIGNS):
                raise TerminalError("unusable_option", f"{option}={sign!r} is not one ASCII character")
        delimiter = self.delimiter or ""
        if any(sign in delimiter for sign in ("\r", "\n", *signs.values()) if sign):
            raise TerminalError("unusable_option", f"delimiter={delimiter!r} holds a line end, or the quote or escape")


@dataclass(frozen=True)
class Choice:
    """How cells are told apart, and why we think so."""

    delimiter: str
    quote: str | None
    escape: str | None
    evidence: tuple[str, ...]
    uniform: bool = False  # every line of the sample is a record of one same width, and every quote is in its place


def name_delimiter(delimiter: str) -> str:
    """Return a delimiter as a person would call it."""
    return _NAMES.get(delimiter, repr(delimiter))
