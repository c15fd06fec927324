"""Tell what kind of statement a text is, before anything runs."""

import re
from dataclasses import dataclass

from local.athena.errors import syntax_error

COMMENT = re.compile(r"\s*(?:--[^\n]*(?:\n|$)|/\*.*?\*/)", re.S)
QUERY = {"SELECT", "WITH", "VALUES", "TABLE", "("}
UTILITY = {"SHOW", "DESCRIBE", "DESC", "EXPLAIN"}
DDL = {"CREATE", "DROP", "ALTER", "MSCK"}
OTHER = {"INSERT", "UNLOAD", "PREPARE", "EXECUTE", "DEALLOCATE"}
NOT_HERE = {"DELETE", "UPDATE", "MERGE", "OPTIMIZE", "VACUUM", "TRUNCATE", "ANALYZE", "GRANT", "REVOKE", "SET"}
CTAS = re.compile(r"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?\S+\s+(?:WITH\s*\(.*?\)\s*)?AS\b", re.I | re.S)


@dataclass(frozen=True)
class Statement:
    """A statement without leading comments and trailing semicolons.

    Attributes:
        verb: its first word, upper case: `SELECT`, `CREATE`, `CTAS` for CREATE TABLE … AS, `(` for a bracketed query.
    """

    text: str
    verb: str

    @property
    def type(self) -> str:
        """Return Athena's StatementType."""
        if self.verb in UTILITY:
            return "UTILITY"
        return "DDL" if self.verb in DDL or self.verb == "CTAS" else "DML"

    @property
    def subtype(self) -> str:
        """Return Athena's SubstatementType."""
        if self.verb in QUERY:
            return "SELECT"
        if self.verb == "CTAS":
            return "CREATE_TABLE_AS_SELECT"
        if self.verb in {"INSERT", "UNLOAD", "EXPLAIN", "EXECUTE", "PREPARE"}:
            return self.verb
        return "_".join(re.findall(r"\w+", self.text.upper())[:2])

    @property
    def extension(self) -> str:
        """Return the end of the result file's name."""
        if self.verb in QUERY or self.verb == "EXECUTE":
            return ".csv"
        return "" if self.verb in {"CTAS", "INSERT", "UNLOAD"} else ".txt"


def classify(sql: str) -> Statement:
    """Classify a text.

    Raises:
        RequestError: it begins like no statement that Athena knows.
    """
    text = sql
    while match := COMMENT.match(text):
        text = text[match.end() :]
    text = text.strip().rstrip("; \t\r\n")
    word = re.match(r"[A-Za-z]+|\(", text)
    verb = word[0].upper() if word else ""
    if verb == "CREATE" and CTAS.match(text):
        verb = "CTAS"
    if verb not in QUERY | UTILITY | DDL | OTHER | NOT_HERE | {"CTAS"}:
        near = text.split(None, 1)[0] if text else "<EOF>"
        before = sql[: sql.find(near)] if text else sql
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        raise syntax_error(
            f"mismatched input '{near}'. Expecting: 'ALTER', 'CREATE', 'DESCRIBE', 'DROP', 'EXECUTE', 'EXPLAIN', "
            "'INSERT', 'MSCK', 'PREPARE', 'SHOW', 'UNLOAD', <query>",
            line,
            column,
        )
    return Statement(text, verb)
