"""Read YAML that anybody may have uploaded into a small tree of nodes, each with its line. Nothing is constructed.

Texts stay as they are written: ``NO``, ``null``, ``on``, ``0`` and ``1_000`` are these letters, whatever YAML makes of
them. Not read: aliases, tags, more than one document.
"""

from typing import Any

import yaml

__all__ = ["BadYaml", "line_of", "read_yaml", "write_tree"]

_MAX_BYTES = 256 << 10
_MAX_DEPTH = 8
_MAX_NODES = 50_000  # a column with five fields has eleven; PyYAML reads some 20,000 a second
_KINDS = ("str", "int", "float", "bool", "null", "timestamp", "value", "merge", "map", "seq")
_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in _KINDS)


class BadYaml(Exception):  # noqa: N818 - told on as a problem among others
    """Say why a text is not read, and in which line; the first is 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


class _Loader(yaml.SafeLoader):
    """Composes nodes; refuses what could make a small text a large tree."""

    depth = nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise BadYaml(line, f"*{event.anchor} is a YAML alias: write it out, or quote it")
        if self.depth == _MAX_DEPTH:
            raise BadYaml(line, "nested deeper than a contract is")
        if self.nodes == _MAX_NODES:
            raise BadYaml(line, f"more than {_MAX_NODES} names and values")
        self.depth += 1
        self.nodes += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        if node is not None and node.tag not in _TAGS:
            raise BadYaml(line_of(node), f"{node.tag} is a YAML tag: leave it out, or quote it")
        return node


def read_yaml(text: bytes) -> yaml.Node:
    """Return the root of a document of at most 256 KiB.

    Raises:
        BadYaml: it is empty, too large, not UTF-8 or not YAML.
    """
    if len(text) > _MAX_BYTES:
        raise BadYaml(1, f"{len(text)} bytes are more than the {_MAX_BYTES} of the longest contract")
    try:
        content = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadYaml(text.count(b"\n", 0, error.start) + 1, "not UTF-8: save it in that encoding") from error
    try:
        root = yaml.compose(content, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        told = ", ".join(filter(None, (error.context, error.problem)))
        raise BadYaml(mark.line + 1 if mark else 1, f"not YAML: {told}; texts with signs are safe in quotes") from error
    except yaml.reader.ReaderError as error:
        line = content.count("\n", 0, int(error.position)) + 1
        raise BadYaml(line, f"the character {ord(content[error.position]):#x} is not read here") from error
    except (ValueError, OverflowError) as error:  # escapes beyond Unicode, such as "\UFFFFFFFF"
        raise BadYaml(1, f"not YAML: {error}") from error
    if root is None:
        raise BadYaml(1, "it is empty: write a field, or {} for a contract that says nothing")
    return root


def write_tree(data: Any) -> yaml.Node:
    """Return plain values, such as JSON gives, as the tree that `read_yaml` would give of them, all in line 1."""
    mark = yaml.Mark("", 0, 0, 0, "", 0)
    if isinstance(data, dict):
        pairs = [(write_tree(key), write_tree(value)) for key, value in data.items()]
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, mark, mark)
    if isinstance(data, list):
        return yaml.SequenceNode("tag:yaml.org,2002:seq", [write_tree(item) for item in data], mark, mark)
    if data is None:
        return yaml.ScalarNode("tag:yaml.org,2002:null", "", mark, mark)
    value = str(data).lower() if isinstance(data, bool) else str(data)
    return yaml.ScalarNode("tag:yaml.org,2002:str", value, mark, mark, style='"')


def line_of(node: yaml.Node) -> int:
    """Return the line in which a node begins; the first is 1."""
    return int(node.start_mark.line) + 1
