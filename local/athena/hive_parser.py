"""A reader of Hive's DDL: tokens, names, strings, brackets. The grammar is in `ddl`."""

import re
from dataclasses import dataclass

from local.athena.errors import RequestError, syntax_error

TOKEN = re.compile(
    r"""\s+|--[^\n]*|/\*.*?\*/
    |(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")|(?P<quoted>`(?:[^`]|``)*`)
    |(?P<word>[A-Za-z0-9_$][\w$]*)|(?P<mark><=|>=|!=|<>|.)""",
    re.S | re.X,
)


@dataclass(frozen=True)
class Token:
    """A token.

    Attributes:
        kind: `text` (in quotes), `quoted` (in backquotes), `word` or `mark`.
        value: without its quotes.
    """

    kind: str
    value: str
    start: int
    end: int


class Reader:
    """Reads a statement from left to right."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self._tokens = [_token(match) for match in TOKEN.finditer(sql) if match.lastgroup]
        self._next = 0

    @property
    def rest(self) -> str:
        """Return what is not read yet, as it was written."""
        return self.sql[self._tokens[self._next].start :] if not self.at_end else ""

    @property
    def at_end(self) -> bool:
        """Say whether all is read."""
        return self._next >= len(self._tokens)

    def peek(self) -> str:
        """Return the next token in upper case, empty at the end or where it is in quotes."""
        if self.at_end:
            return ""
        token = self._tokens[self._next]
        return token.value.upper() if token.kind in {"word", "mark"} else ""

    def accept(self, *words: str) -> bool:
        """Read the words if they come next, all or none."""
        before = self._next
        for word in words:
            if self.peek() != word:
                self._next = before
                return False
            self._next += 1
        return True

    def expect(self, *words: str) -> None:
        """Read the words.

        Raises:
            RequestError: something else comes next.
        """
        for word in words:
            if not self.accept(word):
                raise self.fail(f"'{word}'")

    def finish(self) -> None:
        """Check that all is read."""
        if not self.at_end:
            raise self.fail("<EOF>")

    def fail(self, wanted: str) -> RequestError:
        """Return the error at the next token."""
        start = len(self.sql) if self.at_end else self._tokens[self._next].start
        before = self.sql[:start]
        near = self._tokens[self._next].value if not self.at_end else "<EOF>"
        line, column = before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1
        return syntax_error(f"mismatched input '{near}' expecting {wanted}", line, column)

    def take(self) -> Token:
        """Read any token."""
        if self.at_end:
            raise self.fail("more")
        self._next += 1
        return self._tokens[self._next - 1]

    def name(self) -> str:
        """Read a name, lower-case as Glue keeps it."""
        token = self.take()
        if token.kind == "mark":
            self._next -= 1
            raise self.fail("a name")
        return token.value.lower()

    def dotted(self) -> list[str]:
        """Read `a`, `a.b` or `a.b.c`; a name in backquotes may have the dot inside."""
        parts = [self.name()]
        while self.accept("."):
            parts.append(self.name())
        return parts

    def text(self) -> str:
        """Read a string in quotes."""
        token = self.take()
        if token.kind != "text":
            self._next -= 1
            raise self.fail("a string")
        return token.value

    def literal(self) -> str:
        """Read a string or a bare number or word as text."""
        sign = "-" if self.accept("-") else ""
        token = self.take()
        value = token.value
        while token.kind == "word" and self.peek() == "." and not self.at_end:
            self.take()
            value += "." + self.take().value
        return sign + value

    def type(self) -> str:
        """Read a column's type, as Glue keeps it: lower case, without blanks."""
        start = self.take()
        out, depth = start.value.lower(), 0
        while not self.at_end:
            mark = self.peek()
            if depth == 0 and mark not in {"<", "("}:
                break
            depth += {"<": 1, "(": 1, ">": -1, ")": -1}.get(mark, 0)
            out += self.take().value.lower()
            if depth == 0:
                break
        return {"integer": "int"}.get(out, out)

    def properties(self) -> dict[str, str]:
        """Read `('a' = 'b', ...)`."""
        found: dict[str, str] = {}
        self.expect("(")
        while not self.accept(")"):
            key = self.text() if not self.peek() else self.name()
            self.expect("=")
            found[key] = self.literal()
            if not self.accept(",") and self.peek() != ")":
                raise self.fail("','")
        return found

    def columns(self) -> list[dict[str, str]]:
        """Read `(name type [COMMENT 'text'], ...)` as Glue's columns."""
        found = []
        self.expect("(")
        while True:
            name = self.name()
            self.accept(":")
            column = {"Name": name, "Type": self.type()}
            if self.accept("COMMENT"):
                column["Comment"] = self.text()
            found.append(column)
            if self.accept(")"):
                return found
            self.expect(",")


def _token(match: re.Match[str]) -> Token:
    kind = str(match.lastgroup)
    value = match[0]
    if kind in {"text", "quoted"}:
        quote = value[0]
        value = value[1:-1].replace(quote * 2, quote)
    return Token(kind, value, match.start(), match.end())
