"""Contracts there and back: as JSON, as YAML; and no text that an owner may upload breaks the reader."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from csvlake.engine.contract import ColumnRule, Contract, Projection
from csvlake.errors import TerminalError
from csvlake.lake.contract import contract_json, parse_contract, read_contract_json

# PyYAML's writer does not get U+0085 right.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85"), min_size=1, max_size=20)
LINES = st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=20)
NAMES = st.from_regex(r"[a-z0-9][a-z0-9_]{0,9}", fullmatch=True)
TOKENS = st.lists(TEXTS, max_size=3, unique=True).map(tuple)
TYPES = st.sampled_from([None, "boolean", "bigint", "decimal(18,0)", "decimal(38,38)", "double", "string"])
DATES = st.sampled_from([("date", "%d.%m.%Y"), ("date", None), ("timestamp", "%Y-%m-%d %H:%M:%S")])
SIGNS = st.sampled_from([None, "", '"', "'", "^"])


@st.composite
def rules(draw: st.DrawFn, name: str) -> ColumnRule:
    type_, date_format = draw(st.tuples(TYPES, st.none()) | DATES)
    number_format = draw(st.sampled_from([None, "#,##0.##", "0 €"])) if type_ in {"bigint", "double"} else None
    return ColumnRule(
        name,
        tuple(f"{name}: {alias}" for alias in draw(TOKENS)),  # so that no text means two columns
        type_,
        draw(st.booleans()),
        date_format=date_format,
        number_format=number_format,
        null_tokens=draw(TOKENS),
        description=draw(LINES),
    )


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    names = draw(st.lists(NAMES, max_size=6, unique=True))
    keys, columns = names[:2] if draw(st.booleans()) else [], names[2:]
    projection = {key: Projection("injected") for key in keys} if draw(st.booleans()) else {}
    quote = draw(SIGNS)
    return Contract(
        columns=tuple(draw(rules(name)) for name in columns),
        delimiter=draw(st.sampled_from([None, ",", ";", "\t", "||", " +", "\x1f"])),
        quote=quote,
        escape=None if quote == "" else draw(st.sampled_from([None, "", "\\"])),
        encoding=draw(st.sampled_from([None, "utf-8", "windows-1252", "shift_jis"])),
        header=draw(st.sampled_from([None, True, False] if columns else [None, True])),
        null_tokens=draw(TOKENS),
        on_misfit=draw(st.sampled_from([None, "rescue", "widen", "reject_record", "reject_file"])),
        on_new_column=draw(st.sampled_from(["add", "rescue", "reject_file"])),
        on_missing_column=draw(st.sampled_from(["null", "reject_file"])),
        partition_keys={key: draw(st.sampled_from(["string", "bigint", "int", "date"])) for key in keys},
        projection=projection,
        description=draw(LINES),
    )


def as_yaml(contract: Contract) -> bytes:
    text: str = yaml.safe_dump(json.loads(contract_json(contract)), allow_unicode=True, sort_keys=False)
    return text.encode()


@given(contracts())
def test_json_gives_the_contract_back(contract: Contract) -> None:
    text = contract_json(contract)
    again = read_contract_json(text)
    assert again == contract
    assert contract_json(again) == text
    assert text.isascii()
    assert "\n" not in text


@given(contracts())
def test_what_a_yaml_library_writes_is_read_as_it_was_meant(contract: Contract) -> None:
    assert parse_contract(as_yaml(contract), "x.yaml") == contract


@given(contracts(), contracts())
def test_other_contracts_have_another_json(one: Contract, other: Contract) -> None:
    assert contract_json(one) != contract_json(other) or one == other


def read_or_refuse(read: Callable[[], Contract]) -> Contract | str:
    try:
        return read()
    except TerminalError as refused:
        return refused.reason


def check(result: Contract | str) -> None:
    """A contract that was taken is a whole one; a refusal says where."""
    if isinstance(result, Contract):
        assert read_contract_json(contract_json(result)) == result
    else:
        assert re.match(r"bad_contract: .* is not a contract\nline \d+: ", result)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_text_breaks_the_reader(text: bytes) -> None:
    check(read_or_refuse(lambda: parse_contract(text, "x.yaml")))


SIGNS_OF_YAML = rb"[ ] { } *a &a !!x ?: : - \ | > % @ ' null ~ yes 1e5 0x1F --- ... <<: \U00110000".split()
INSERTED = st.sampled_from([*SIGNS_OF_YAML, b"\n", b"\t", b": ", b"- ", b"? ", b'"', b"\xff", b"\0", "😀".encode()])


@given(contracts(), st.data())
def test_no_mangled_contract_breaks_the_reader(contract: Contract, data: st.DataObject) -> None:
    text = as_yaml(contract)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(INSERTED) + text[at + data.draw(st.integers(0, 3)) :]
    check(read_or_refuse(lambda: parse_contract(text, "x.yaml")))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["columns", "delimiter", "header", "null_tokens", "partition_keys", "projection", "on_misfit"]
DOCUMENTS: st.SearchStrategy[Any] = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4) | JSON


@given(DOCUMENTS)
def test_no_json_breaks_the_reader_of_parameters(document: Any) -> None:
    check(read_or_refuse(lambda: read_contract_json(json.dumps(document))))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_text_that_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(TerminalError, match="line 1: not JSON"):
        read_contract_json(text)
