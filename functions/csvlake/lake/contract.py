"""Read a contract from the YAML that a table's owner uploads, and keep it as JSON in the table's parameters."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

import yaml

from csvlake.engine.contract import ColumnRule, Contract
from csvlake.errors import TerminalError
from csvlake.lake.contract_checks import find_contradictions
from csvlake.lake.contract_form import CONTRACT_FORM
from csvlake.lake.form import Reading
from csvlake.lake.projection import make_projection
from csvlake.lake.yaml_tree import BadYaml, read_yaml, write_tree

__all__ = ["contract_json", "parse_contract", "read_contract_json"]

_MAX_JSON_CHARS = 512_000  # https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html, a value of Parameters
_MAX_TOLD = 50


def parse_contract(text: bytes, name: str) -> Contract:
    """Read a contract.

    Args:
        text: YAML in UTF-8, at most 256 KiB.
        name: of the file, for messages.

    Raises:
        TerminalError: ``bad_contract``, with a line for each problem.
    """
    try:
        root = read_yaml(text)
    except BadYaml as bad:
        raise _refuse(name, [(bad.line, bad.message)]) from bad
    contract = _read(root, name)
    size = len(contract_json(contract))
    if size > _MAX_JSON_CHARS:
        raise _refuse(name, [(1, f"it takes {size} characters of JSON; Glue keeps {_MAX_JSON_CHARS}")])
    return contract


def contract_json(contract: Contract) -> str:
    """Return a contract as JSON in ASCII without blanks: fields in the order of their declaration, defaults left out.

    Equal contracts, their mappings in the same order, give equal texts.
    """
    return json.dumps(_plain(contract), separators=(",", ":"))


def read_contract_json(text: str) -> Contract:
    """Return the contract of a `contract_json`.

    Raises:
        TerminalError: ``bad_contract``: it is none; somebody edited the table's parameter.
    """
    name = "the contract in the table's parameters"
    try:
        root = write_tree(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise _refuse(name, [(1, f"not JSON: {error}")]) from error
    return _read(root, name)


def _read(root: yaml.Node, name: str) -> Contract:
    reading = Reading()
    data = CONTRACT_FORM.read(root, "", reading)
    for path, fault in find_contradictions(data or {}):
        reading.add(path, fault)
    if data is None or reading.problems:
        raise _refuse(name, reading.problems)
    columns = tuple(ColumnRule(**_tuples(column)) for column in data.pop("columns", ()))
    projection = {key: make_projection(given) for key, given in data.pop("projection", {}).items()}
    return Contract(columns=columns, projection=projection, **_tuples(data))


def _refuse(name: str, problems: list[tuple[int, str]]) -> TerminalError:
    lines = [f"line {line}: {told}" for line, told in sorted(problems, key=lambda problem: problem[0])]
    if len(lines) > _MAX_TOLD:
        lines = [*lines[:_MAX_TOLD], f"and {len(lines) - _MAX_TOLD} more"]
    return TerminalError("bad_contract", "\n".join([f"{name} is not a contract", *lines]))


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, without fields that say nothing."""
    if is_dataclass(value):
        given = {known.name: getattr(value, known.name) for known in fields(value)}
        return {known.name: _plain(given[known.name]) for known in fields(value) if given[known.name] != _blank(known)}
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _blank(known: Field[Any]) -> Any:
    return known.default if known.default_factory is MISSING else known.default_factory()
