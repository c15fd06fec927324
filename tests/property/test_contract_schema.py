"""The published JSON Schema says what the parser does, as far as a schema can say it."""

import copy
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from csvlake.engine.contract import ColumnRule, Contract, Projection
from csvlake.errors import TerminalError
from csvlake.lake.contract import contract_json, parse_contract, read_contract_json
from csvlake.lake.contract_form import CONTRACT_FORM, make_schema

PUBLISHED = Path(__file__).parents[2] / "docs" / "contract.schema.json"
VALIDATOR = Draft202012Validator(make_schema())

FULL: dict[str, Any] = {
    "description": "Orders",
    "columns": [
        {"name": "id", "type": "bigint", "required": True, "aliases": ["No", "Nr"], "description": "x"},
        {"name": "day", "type": "date", "date_format": "%d.%m.%Y", "null_tokens": ["-", "n/a"]},
        {"name": "price", "type": "decimal(18,2)", "number_format": "#,##0.##"},
    ],
    "delimiter": ";",
    "quote": '"',
    "escape": "\\",
    "encoding": "utf-8",
    "header": True,
    "null_tokens": ["NA"],
    "on_misfit": "widen",
    "on_new_column": "rescue",
    "on_missing_column": "null",
    "partition_keys": {"dt": "date", "no": "bigint", "shop": "string", "who": "string"},
    "projection": {
        "dt": {"type": "date", "range": ["2020-01-01", "NOW"], "format": "%Y-%m-%d"},
        "no": {"type": "integer", "range": ["1", "9"], "digits": 2},
        "shop": {"type": "enum", "values": ["north", "south"]},
        "who": {"type": "injected"},
    },
}
# What no schema can say: of signs, encodings and formats, and of what fields say against each other.
UNSAID = re.compile(
    r"(?:delimiter|quote|escape|encoding): ['\"]|\.date_format: '|has a line end|already|"
    r"is a column too|header: false needs|cannot be projected|is not before|is more than|is neither of|"
    r"is not a whole number$|is not among the partition keys|Athena wants all|needs a partition key|"
    r"no quotes to escape|folders of a key|is not written as|both between thousands"
)
STRANGE = st.sampled_from(["id", "day", "Bad Name", "_raw", "x y", "string", "date", "enum", "maybe", "", "NA", "1"])
TREES: list[Any] = [None, [], {}, [[]], {"a": "b"}, ["x", "x"], ["x", "y", "z"]]
WRONG: st.SearchStrategy[Any] = st.sampled_from(TREES).map(copy.deepcopy) | STRANGE


def test_the_published_schema_is_the_parser_s() -> None:
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    assert published == make_schema(), "run docs/write_contract_schema.py"
    Draft202012Validator.check_schema(published)


def test_every_field_of_a_contract_is_of_its_form() -> None:
    schema = make_schema()["properties"]
    assert set(schema) == {known.name for known in fields(Contract)}
    assert set(schema["columns"]["items"]["properties"]) == {known.name for known in fields(ColumnRule)}
    projection = schema["projection"]["additionalProperties"]["properties"]
    assert set(projection) == {known.name for known in fields(Projection)}
    assert set(CONTRACT_FORM.fields) == set(FULL)


def test_defaults_are_the_contract_s() -> None:
    for name, known in make_schema()["properties"].items():
        if "default" in known and name != "on_misfit":  # None in a contract: the caller's option, which is rescue
            assert known["default"] == getattr(Contract(), name)


def test_a_full_contract_is_right_for_both() -> None:
    assert not list(VALIDATOR.iter_errors(FULL))
    assert json.loads(contract_json(read_contract_json(json.dumps(FULL))))["columns"] == FULL["columns"]


def test_the_documents_that_csvlake_writes_are_right() -> None:
    contract = parse_contract(b"columns: [{name: a, null_tokens: [NA, 0]}]\nheader: true\n", "x.yaml")
    assert not list(VALIDATOR.iter_errors(json.loads(contract_json(contract))))


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A full contract with a few places put to other values, left out or added."""
    document = copy.deepcopy(FULL)
    for _ in range(draw(st.integers(0, 3))):
        place: Any = document
        while True:
            inner = [value for value in (place.values() if isinstance(place, dict) else place) if value]
            inner = [value for value in inner if isinstance(value, dict | list)]
            if not inner or draw(st.integers(0, 2)) == 0:
                break
            place = draw(st.sampled_from(inner))
        if isinstance(place, list):
            at = draw(st.integers(0, len(place)))
            place[at : at + draw(st.integers(0, 1))] = draw(st.lists(WRONG, max_size=1))
        elif draw(st.booleans()) and place:
            del place[draw(st.sampled_from(sorted(place)))]
        else:
            place[draw(st.sampled_from(sorted(place)) | STRANGE if place else STRANGE)] = draw(WRONG)
    return document


def problems_of(document: dict[str, Any]) -> list[str]:
    try:
        read_contract_json(json.dumps(document))
    except TerminalError as refused:
        return refused.message.split("\n")[1:]
    return []


@given(documents())
def test_schema_and_parser_agree(document: dict[str, Any]) -> None:
    told = [line for line in problems_of(document) if not UNSAID.search(line)]
    assert bool(told) == (not VALIDATOR.is_valid(document)), told


@pytest.mark.parametrize(
    "change",
    [
        {"on_misfit": "rescued"},
        {"header": "yes"},
        {"columns": [{"type": "bigint"}]},
        {"columns": [{"name": "a", "type": "decimal(10,2)"}]},
        {"columns": [{"name": "a", "date_format": "%d.%m.%Y"}]},
        {"columns": [{"name": "a", "type": "bigint", "date_format": "%d.%m.%Y"}]},
        {"delimiter": ""},
        {"quote": "''"},
        {"null_tokens": ["a", "a"]},
        {"partition_keys": {"Dt": "date"}},
        {"partition_keys": {"dt": "timestamp"}},
        {"projection": {"dt": {"type": "date"}}},
        {"colums": []},
    ],
)
def test_both_refuse(change: dict[str, Any]) -> None:
    assert problems_of(change)
    assert not VALIDATOR.is_valid(change)
