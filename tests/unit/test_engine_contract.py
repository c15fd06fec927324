"""The engine obeys a contract: names, types, formats, null tokens, policies."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow.parquet as pq
import pytest

from csvlake import convert_file, engine, inspect_file
from csvlake.engine.contract import ColumnRule, Contract
from csvlake.engine.dialect import decide
from csvlake.engine.fields import obey
from csvlake.engine.model import Column, Converted, ConvertOptions
from csvlake.engine.sizes import Sizes
from csvlake.engine.source import open_source, open_text
from csvlake.engine.stream import stream
from csvlake.errors import TerminalError


def convert(text: str, *rules: ColumnRule, options: dict[str, Any] | None = None, **said: Any) -> Converted:
    """Convert at once and in the smallest batches, which must give the same."""
    given = ConvertOptions(contract=Contract(rules, **said), **(options or {}))
    converted = engine.convert(engine.open_source(text.encode()), given)
    assert converted.table is not None
    given = obey(given)
    read = open_text(open_source(text.encode()), given)
    read.encoding_proven = True
    with patch("csvlake.engine.cutter._SLOW_BYTES", 1):
        cut = stream(read, decide(read, given), given, None, None, Sizes(2, 1, 1, 1))
    assert cut.path is not None
    try:
        streamed = pq.read_table(cut.path, use_threads=False)
    finally:
        cut.path.unlink()
    assert streamed.equals(converted.table)
    assert streamed.schema.equals(converted.table.schema, check_metadata=True)
    assert cut.report == converted.report
    return converted


def rows(text: str, *rules: ColumnRule, **said: Any) -> list[dict[str, Any]]:
    table = convert(text, *rules, **said).table
    assert table is not None
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def values(cells: Sequence[str], rule: ColumnRule, **said: Any) -> list[Any]:
    """Return a column's values, a misfit's text in brackets."""
    lines = "".join(f'x,"{cell}"\n' for cell in cells)
    found = rows(f"k,{rule.name}\n{lines}", rule, **said)
    rescued = [row.get("_rescued_data") for row in found]
    return [[text] if text else row[rule.name] for row, text in zip(found, rescued, strict=True)]


def refuse(text: str, *rules: ColumnRule, **said: Any) -> TerminalError:
    with pytest.raises(TerminalError) as refused:
        convert(text, *rules, **said)
    return refused.value


def test_the_dialect_is_the_contracts_unless_options_say_otherwise() -> None:
    assert rows("a;b\n1;'2;3'\n", delimiter=";", quote="'") == [{"a": 1, "b": "2;3"}]
    assert rows("a;b|c\n1;2|3\n", delimiter=";", options={"delimiter": "|"}) == [{"a_b": "1;2", "c": 3}]
    latin = "a,b\n1,é\n".encode("windows-1252")
    contract = Contract(encoding="iso-8859-5")
    for encoding, letter in ((None, "щ"), ("windows-1252", "é")):
        table = engine.convert(engine.open_source(latin), ConvertOptions(contract=contract, encoding=encoding)).table
        assert table is not None
        assert table.to_pylist() == [{"a": 1, "b": letter}]


def test_aliases_are_header_texts_that_mean_a_column() -> None:
    converted = convert("Order No ,Größe,id\n1,2,3\n", ColumnRule("order_id", ("Order No", "Nr")), ColumnRule("size"))
    assert converted.report.schema == (
        Column("order_id", "bigint", "Order No "),
        Column("grosse", "bigint", "Größe"),
        Column("id", "bigint", "id"),
    )
    assert converted.report.problems == ["the file has no column 'size' of the contract: it is null in its rows"]


def test_without_a_header_the_columns_are_the_contracts_in_their_order() -> None:
    rules = (ColumnRule("b", type="string"), ColumnRule("a"))
    assert rows("1,2,3\n4,5,6\n", *rules, header=False) == [
        {"b": "1", "a": 2, "column_3": 3},
        {"b": "4", "a": 5, "column_3": 6},
    ]


def test_types_are_the_contracts_and_agree_is_asked_with_them() -> None:
    asked = []

    def agree(columns: Sequence[Column]) -> Sequence[Column]:
        asked.append([(column.name, column.type) for column in columns])
        return columns

    rules = (ColumnRule("a", type="string"), ColumnRule("b", type="decimal(18,2)"))
    table = engine.convert(engine.open_source(b"a,b,c\n1,2,3\n"), ConvertOptions(contract=Contract(rules)), agree).table
    assert table is not None
    assert table.to_pylist() == [{"a": "1", "b": Decimal("2.00"), "c": 3}]
    assert asked == [[("a", "string"), ("b", "decimal(18,2)"), ("c", "bigint")]]


@pytest.mark.parametrize(
    ("cells", "format_", "type_", "expected"),
    [
        (["01/02/2026", "31/02/2026"], "%d/%m/%Y", "date", [date(2026, 2, 1), ['{"v": "31/02/2026"}']]),
        (["1/2/2026", "01/02/2026"], "%m/%d/%Y", "date", [date(2026, 1, 2), date(2026, 1, 2)]),
        (["20260131", "2026-01-31"], "%Y%m%d", "date", [date(2026, 1, 31), ['{"v": "2026-01-31"}']]),
        (["31.01.26", "01.01.70"], "%d.%m.%y", "date", [date(2026, 1, 31), date(1970, 1, 1)]),
        (["31-JAN-2026", "1-dec-2026"], "%d-%b-%Y", "date", [date(2026, 1, 31), date(2026, 12, 1)]),
        (
            ["2026-01-31T10:00:00Z", "2026-01-31T10:00:00"],
            "%Y-%m-%dT%H:%M:%SZ",
            "timestamp",
            [datetime(2026, 1, 31, 10), ['{"v": "2026-01-31T10:00:00"}']],
        ),
        (["2026-01-31"], "%Y-%m-%d", "date", [date(2026, 1, 31)]),
    ],
)
def test_dates_are_read_by_the_contracts_format(
    cells: list[str], format_: str, type_: str, expected: list[Any]
) -> None:
    assert values(cells, ColumnRule("v", type=type_, date_format=format_)) == expected


@pytest.mark.parametrize(
    ("cells", "format_", "type_", "expected"),
    [
        (["$1,234.50", "-$2"], "$#,##0.00", "decimal(18,2)", [Decimal("1234.50"), Decimal(-2)]),
        (["1.234,5 €", "1"], "#.##0,00 €", "decimal(18,2)", [Decimal("1234.50"), ['{"v": "1"}']]),
        (["50%", "0.5%"], "0.#%", "decimal(18,1)", [Decimal(50), Decimal("0.5")]),
        (["12,50", "0,125"], "0,##", "decimal(18,2)", [Decimal("12.50"), ['{"v": "0,125"}']]),
        (["1 234", "12"], "# ##0", "bigint", [1234, 12]),
        (["1,5", "2"], "0,#", "double", [1.5, 2.0]),
    ],
)
def test_numbers_are_read_by_the_contracts_format(
    cells: list[str], format_: str, type_: str, expected: list[Any]
) -> None:
    assert values(cells, ColumnRule("v", type=type_, number_format=format_)) == expected


def test_a_format_that_all_cells_have_is_told_exactly() -> None:
    rule = ColumnRule("v", type="date", date_format="%d/%m/%Y")
    assert convert("k,v\nx,1/2/2026\n", rule).report.schema[1].format == "%-d/%-m/%Y"
    assert convert("k,v\nx,1/2/2026\ny,01/02/2026\n", rule).report.schema[1].format == "%d/%m/%Y"
    plain = ColumnRule("v", type="date", date_format="%Y-%m-%d")
    assert convert("k,v\nx,2026-01-31\n", plain).report.schema[1].format == ""


def test_null_tokens_are_null_but_in_strings_only_the_columns_own() -> None:
    rules = (ColumnRule("a"), ColumnRule("b", null_tokens=("none",)), ColumnRule("c", null_tokens=("-999",)))
    text = "a,b,c\nNA,NA,-999\n1,none,5\n,x,NA\n"
    assert rows(text, *rules, null_tokens=("NA",)) == [
        {"a": None, "b": "NA", "c": None},
        {"a": 1, "b": None, "c": 5},
        {"a": None, "b": "x", "c": None},
    ]


def test_a_column_of_nothing_but_tokens_keeps_them_unless_it_has_a_type() -> None:
    assert rows("k,v\nx,NA\n", null_tokens=("NA",)) == [{"k": "x", "v": "NA"}]
    assert rows("k,v\nx,NA\n", ColumnRule("v", type="date"), null_tokens=("NA",)) == [{"k": "x", "v": None}]


def test_policies_for_misfits() -> None:
    rule = ColumnRule("v", type="bigint")
    text = "k,v\nx,1\ny,b\n"
    assert values(["1", "b"], rule) == [1, ['{"v": "b"}']]
    assert values(["1", "b"], rule, on_misfit="widen") == ["1", "b"]
    report = convert(text, rule, on_misfit="reject_record").report
    assert (report.rows_written, [reject.reason for reject in report.rejects]) == (
        1,
        ["'b' in column 'v' is no bigint"],
    )
    assert values(["1", "b"], rule, on_misfit="reject_file", options={"on_misfit": "rescue"}) == [1, ['{"v": "b"}']]
    refused = refuse(text, rule, on_misfit="reject_file")
    assert refused.code == "misfit"
    for told in ("'b' in column 'v' is no bigint", "line 3", "name: v", "null_tokens or type: string"):
        assert told in refused.message


def test_a_misfit_deep_in_a_file_is_told_by_its_byte() -> None:
    text = "k,v\n" + "x,1\n" * 3 + "x,b\n"
    options = obey(ConvertOptions(contract=Contract((ColumnRule("v", type="bigint"),), on_misfit="reject_file")))
    source = open_text(open_source(text.encode()), options)
    with pytest.raises(TerminalError, match=r"\(byte 16\)"):
        stream(source, decide(source, options), options, None, None, Sizes(1, 1, 1, 1))


def test_empty_cells_of_required_columns_are_misfits() -> None:
    rule = ColumnRule("v", required=True)
    assert values(["1", ""], rule) == [1, ['{"v": ""}']]
    assert values(["a", "", "-"], ColumnRule("v", required=True, null_tokens=("-",)), on_misfit="widen") == [
        "a",
        ['{"v": ""}'],
        ['{"v": ""}'],
    ]
    report = convert("k,v\nx,1\ny\n", rule, on_misfit="reject_record").report
    assert [reject.reason for reject in report.rejects] == ["column 'v' is empty, and the contract requires a value"]
    assert "line 3" in refuse("k,v\nx,1\ny,\n", rule, on_misfit="reject_file").message


def test_new_columns_are_added_rescued_or_refused() -> None:
    rule = ColumnRule("a")
    text = "a,B b,c\n1,2,\n,x,3\n"
    assert rows(text, rule)[0] == {"a": 1, "b_b": "2", "c": None}
    converted = convert(text, rule, on_new_column="rescue")
    assert converted.table is not None
    assert converted.table.to_pylist() == [
        {"a": 1, "_rescued_data": '{"b_b": "2"}'},
        {"a": None, "_rescued_data": '{"b_b": "x", "c": "3"}'},
    ]
    assert (
        converted.report.problems[0] == "the column 'B b' is not in the contract: its cells are kept in _rescued_data"
    )
    refused = refuse(text, rule, on_new_column="reject_file")
    assert refused.code == "new_column"
    assert "'B b' (line 1)" in refused.message
    assert "name: b_b" in refused.message
    assert rows(text, on_new_column="reject_file")[0] == {"a": 1, "b_b": "2", "c": None}


def test_a_file_without_any_column_of_the_contract_is_refused() -> None:
    assert "aliases" in refuse("x,y\n1,2\n", ColumnRule("a"), on_new_column="rescue").message


def test_unknown_columns_go_with_rejected_records() -> None:
    rules = (ColumnRule("a", type="bigint"),)
    report = convert("a,b\n1,2\nx,3\n", *rules, on_new_column="rescue", on_misfit="reject_record").report
    assert (report.rows_written, report.records_rejected, report.rows_rescued) == (1, 1, 1)


def test_missing_columns_are_null_or_refuse_the_file() -> None:
    assert rows("a\n1\n", ColumnRule("a"), ColumnRule("b")) == [{"a": 1}]
    refused = refuse("a\n1\n", ColumnRule("a"), ColumnRule("b"), on_missing_column="reject_file")
    assert (refused.code, "'b'" in refused.message) == ("missing_column", True)
    refused = refuse("a\n1\n", ColumnRule("a"), ColumnRule("b", required=True))
    assert "required: true" in refused.message


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (ColumnRule("v", type="money"), "money"),
        (ColumnRule("v", date_format="%Y"), "needs type"),
        (ColumnRule("v", type="date", date_format="%Y"), "date_format '%Y'"),
        (ColumnRule("v", type="string", number_format="0"), "needs type"),
        (ColumnRule("v", type="bigint", number_format="x"), "number_format 'x'"),
        (ColumnRule("v", type="bigint", number_format="#,##0,0"), "both"),
        (ColumnRule("v", type="bigint", number_format="-0"), "minus"),
        (ColumnRule("v", type="bigint", number_format="0" + "x" * 100), "is not written"),
    ],
)
def test_contracts_that_cannot_be_obeyed(rule: ColumnRule, told: str) -> None:
    assert told in refuse("k,v\nx,1\n", rule).message


def test_a_contract_may_be_a_file(tmp_path: Path) -> None:
    source, contract, target = tmp_path / "in.csv", tmp_path / "_contract.yaml", tmp_path / "out.parquet"
    source.write_bytes(b"v\n50%\n")
    contract.write_text('columns: [{name: v, type: bigint, number_format: "0%"}]\n')
    assert inspect_file(source, ConvertOptions(contract=str(contract))).schema[0].type == "bigint"
    convert_file(source, target, ConvertOptions(contract=contract))
    assert pq.read_table(target, use_threads=False).to_pylist() == [{"v": 50}]
    with pytest.raises(TypeError, match="read_contract"):
        engine.convert(engine.open_source(source), ConvertOptions(contract=contract))


def test_types_text_keeps_every_text_whatever_the_contract_says() -> None:
    rule = ColumnRule("v", ("V!",), type="bigint", null_tokens=("NA",), required=True)
    text = "k,V!\nx,NA\ny,\nz,1\n"
    assert [row["v"] for row in rows(text, rule, options={"types": "text"})] == ["NA", None, "1"]
