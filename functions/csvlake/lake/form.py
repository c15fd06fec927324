"""Describe what one value of a document may be, once: the description reads it, and makes its JSON Schema.

Reading goes on after a problem, so that an owner is told of all of them at once. `form_tree` puts values together.
"""

import difflib
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import yaml

__all__ = ["SHOWN_CHARS", "Choice", "Flag", "Form", "Reading", "Text", "Whole", "quote", "suggest"]

SHOWN_CHARS = 60  # of a word that a message repeats


@dataclass
class Reading:
    """What was found on the way: problems, and the line of each thing that was read by its path."""

    problems: list[tuple[int, str]] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def add(self, path: str, problem: str) -> None:
        """Note what is wrong with the thing at a path."""
        self.problems.append((self.lines.get(path, 1), f"{path}: {problem}" if path else f"the contract {problem}"))


class Form(Protocol):
    """What one place in a document may hold."""

    def read(self, node: yaml.Node, path: str, reading: Reading) -> Any:
        """Return a plain value; None where there is a problem, which was noted."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of it."""


@dataclass(frozen=True)
class Text:
    """A text, as it is written."""

    pattern: str | None = None
    fault: Callable[[str], str | None] = lambda _: None  # says what is wrong with a text, beyond its length
    least: int = 1  # characters
    most: int | None = None
    barred: Sequence[str] = ()  # of those that the pattern takes; for the schema, `fault` says why

    def read(self, node: yaml.Node, path: str, reading: Reading) -> str | None:
        """Return the text."""
        text = _read_scalar(node, path, "a text", reading)
        if text is None:
            return None
        if len(text) < self.least:
            reading.add(path, "is empty: give a text or leave it out")
        elif self.most is not None and len(text) > self.most:
            reading.add(path, f"has {len(text)} characters; {self.most} are the most")
        elif fault := _find_unwritable(text) or self.fault(text):
            reading.add(path, f"{quote(text)} {fault}")
        else:
            return text
        return None

    def schema(self) -> dict[str, Any]:
        """Return what a schema can say: length and pattern."""
        out: dict[str, Any] = {"type": "string"}
        if self.least:
            out["minLength"] = self.least
        if self.most is not None:
            out["maxLength"] = self.most
        if self.pattern is not None:
            out["pattern"] = self.pattern
        if self.barred:
            out["not"] = {"enum": list(self.barred)}
        return out


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    what: str
    values: Sequence[str]
    guess: Callable[[str], str | None] = lambda _: None  # what is meant by a word that is none of them
    told: str = ""  # how to name them all, where they are many

    def read(self, node: yaml.Node, path: str, reading: Reading) -> str | None:
        """Return the word."""
        text = _read_scalar(node, path, self.what, reading)
        if text is None or text in self.values:
            return text
        reading.add(path, f"{quote(text)} is not {self.what}{suggest(text, self.values, self.guess(text), self.told)}")
        return None

    def schema(self) -> dict[str, Any]:
        """Return the words."""
        return {"enum": list(self.values)}


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def read(self, node: yaml.Node, path: str, reading: Reading) -> bool | None:
        """Return which."""
        text = _read_scalar(node, path, "true or false", reading)
        if text is None or text in {"true", "false"}:
            return None if text is None else text == "true"
        meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(text.lower())
        reading.add(path, f"{quote(text)} is not true or false{suggest(text, ('true', 'false'), meant)}")
        return None

    def schema(self) -> dict[str, Any]:
        """Return JSON's own."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class Whole:
    """A whole number of a range."""

    least: int
    most: int

    def read(self, node: yaml.Node, path: str, reading: Reading) -> int | None:
        """Return the number."""
        what = f"a whole number from {self.least} to {self.most}"
        text = _read_scalar(node, path, what, reading)
        if text is None:
            return None
        if re.fullmatch(r"0|[1-9][0-9]{0,8}", text) and self.least <= int(text) <= self.most:
            return int(text)
        reading.add(path, f"{quote(text)} is not {what}")
        return None

    def schema(self) -> dict[str, Any]:
        """Return the range."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


def suggest(word: str, known: Collection[str], meant: str | None = None, told: str = "") -> str:
    """Return the end of a sentence about a wrong word: what may have been meant, or what there is."""
    near = [meant] if meant else difflib.get_close_matches(word.strip().lower()[:SHOWN_CHARS], known, 1)
    return f"; did you mean {near[0]}?" if near else f"; there is {told or ', '.join(known)}"


def quote(text: str) -> str:
    """Return a text in quotes, shortened, for a message."""
    return repr(text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…")


def _read_scalar(node: yaml.Node, path: str, what: str, reading: Reading) -> str | None:
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    kind = "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
    reading.add(path, f"is {kind}, not {what}")
    return None


def _find_unwritable(text: str) -> str | None:
    """Say of what JSON in UTF-8 cannot hold, and Glue does not take."""
    return "has half of a surrogate pair" if any("\ud800" <= char <= "\udfff" for char in text) else None
