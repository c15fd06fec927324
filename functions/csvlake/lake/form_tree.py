"""Put forms together: lists, and mappings of known fields or of names that the owner chooses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from csvlake.lake.form import SHOWN_CHARS, Form, Reading, Text, quote, suggest
from csvlake.lake.yaml_tree import line_of

__all__ = ["Entries", "Field", "Fields", "Items"]


@dataclass(frozen=True)
class Items:
    """A list, each of whose items is of one form."""

    item: Form
    example: str
    least: int = 0
    most: int | None = None
    is_set: bool = True  # no item may be there twice

    def read(self, node: yaml.Node, path: str, reading: Reading) -> list[Any] | None:
        """Return the items in their order, None for each that has a problem."""
        if not isinstance(node, yaml.SequenceNode):
            reading.add(path, f"is not a list: write it as {self.example}")
            return None
        if len(node.value) < self.least or (self.most is not None and len(node.value) > self.most):
            wanted = f"{self.least}" if self.least == self.most else f"at least {self.least}"
            reading.add(path, f"has {len(node.value)} items, not {wanted}: write it as {self.example}")
            return None
        items = []
        seen = set()
        for number, item in enumerate(node.value):
            inner = f"{path}[{number}]"
            reading.lines[inner] = line_of(item)
            value = self.item.read(item, inner, reading)
            if self.is_set and isinstance(value, str):
                if value in seen:
                    reading.add(inner, f"{quote(value)} is there twice")
                seen.add(value)
            items.append(value)
        return items

    def schema(self) -> dict[str, Any]:
        """Return the items' schema and how many there may be."""
        out: dict[str, Any] = {"type": "array", "items": self.item.schema()}
        if self.least:
            out["minItems"] = self.least
        if self.most is not None:
            out["maxItems"] = self.most
        if self.is_set:
            out["uniqueItems"] = True
        return out


@dataclass(frozen=True)
class Entries:
    """Values of one form by names that the owner chooses, in their order."""

    key: Text
    value: Form
    example: str

    def read(self, node: yaml.Node, path: str, reading: Reading) -> dict[str, Any] | None:
        """Return the values by name, None for each that has a problem."""
        pairs = _read_pairs(node, path, self.example, reading)
        if pairs is None:
            return None
        return {
            name: self.value.read(value, _join(path, name), reading)
            for key, name, value in pairs
            if self.key.read(key, _join(path, name), reading) is not None
        }

    def schema(self) -> dict[str, Any]:
        """Return the schema of names and values."""
        return {
            "type": "object",
            "propertyNames": self.key.schema(),
            "additionalProperties": self.value.schema(),
        }


@dataclass(frozen=True)
class Field:
    """One field of a document, with what it means and what it is when it is left out."""

    form: Form
    meaning: str
    default: Any = None


@dataclass(frozen=True)
class Fields:
    """Fields by name. None may be there twice, or unknown."""

    fields: Mapping[str, Field]
    example: str
    required: Sequence[str] = ()
    rules: Mapping[str, Any] = field(default_factory=dict)  # JSON Schema of what fields say of each other

    def read(self, node: yaml.Node, path: str, reading: Reading) -> dict[str, Any] | None:
        """Return the values of the fields that are there, None for each that has a problem."""
        pairs = _read_pairs(node, path, self.example, reading)
        if pairs is None:
            return None
        values: dict[str, Any] = {}
        for _, name, value in pairs:
            inner = _join(path, name)
            if name not in self.fields:
                told = f"{inner} is not a field{suggest(name, list(self.fields))}"
                reading.problems.append((reading.lines[inner], told))
            elif isinstance(value, yaml.ScalarNode) and not value.value and value.style is None:
                reading.add(inner, "has no value: give one or leave the field out")
            else:
                values[name] = self.fields[name].form.read(value, inner, reading)
        for name in self.required:
            if not any(name == found for _, found, _ in pairs):
                reading.add(path, f"has no {name}")
        return values

    def schema(self) -> dict[str, Any]:
        """Return the schema of an object with these fields only."""
        properties = {}
        for name, known in self.fields.items():
            properties[name] = {"description": known.meaning, **known.form.schema()}
            if known.default is not None:
                properties[name]["default"] = known.default
        out: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
        if self.required:
            out["required"] = list(self.required)
        return {**out, **self.rules}


def _join(path: str, name: str) -> str:
    shown = name if len(name) <= SHOWN_CHARS else f"{name[:SHOWN_CHARS]}…"
    return f"{path}.{shown}" if path else shown


def _read_pairs(
    node: yaml.Node, path: str, example: str, reading: Reading
) -> list[tuple[yaml.Node, str, yaml.Node]] | None:
    """Return key, name and value of each pair of a mapping, those left out whose name is none or there already."""
    if not isinstance(node, yaml.MappingNode):
        reading.add(path, f"is not a mapping: write it as {example}")
        return None
    pairs: list[tuple[yaml.Node, str, yaml.Node]] = []
    seen = set()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            reading.problems.append((line_of(key), f"{path or 'the contract'} has a name that is not a text"))
            continue
        inner = _join(path, key.value)
        if key.value in seen:
            reading.problems.append((line_of(key), f"{inner} is there twice: leave one out"))
            continue
        seen.add(key.value)
        reading.lines[inner] = line_of(key)
        pairs.append((key, key.value, value))
    return pairs
