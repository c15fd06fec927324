"""One small file through the whole engine: types, nulls, odd rows, policies."""

import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from csvlake import convert_file, engine, inspect_file
from csvlake.engine.model import Column, Converted, ConvertOptions
from csvlake.errors import TerminalError


def run(content: bytes, agreed: dict[str, str] | None = None, **options: Any) -> Converted:
    def agree(columns: Sequence[Column]) -> list[Column]:
        return [Column(c.name, (agreed or {}).get(c.name, c.type), c.source_name) for c in columns]

    return engine.convert(engine.open_source(content), ConvertOptions(**options), agree)


def read(converted: Converted) -> pa.Table:
    """Write as the lake does and read back."""
    assert converted.table is not None
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, converted.table.schema, **converted.writer_arguments) as writer:
        writer.write_table(converted.table)
    table = pq.read_table(pa.BufferReader(sink.getvalue()), use_threads=False)
    assert table.equals(converted.table)
    return table


def column(cells: Sequence[str], **options: Any) -> tuple[str, list[Any]]:
    content = "k,v\n" + "".join(f'x,"{cell}"\n' if "," in cell else f"x,{cell}\n" for cell in cells)
    converted = run(content.encode(), **options)
    return converted.report.schema[1].type, read(converted).column("v").to_pylist()


@pytest.mark.parametrize(
    ("cells", "type_", "values"),
    [
        (["1", "", "-20"], "bigint", [1, None, -20]),
        (["0", "0"], "bigint", [0, 0]),
        (["9223372036854775807", "-9223372036854775808"], "bigint", [(1 << 63) - 1, -(1 << 63)]),
        (["9223372036854775808", "1"], "decimal(38,0)", [Decimal(1 << 63), Decimal(1)]),
        (["12.50", "-0.5", "7"], "decimal(18,2)", [Decimal("12.50"), Decimal("-0.50"), Decimal("7.00")]),
        (["9999999999999999.99"], "decimal(18,2)", [Decimal("9999999999999999.99")]),
        (["99999999999999999.99"], "decimal(38,2)", [Decimal("99999999999999999.99")]),
        (["0." + "1" * 38], "decimal(38,38)", [Decimal("0." + "1" * 38)]),
        (["true", "", "false"], "boolean", [True, None, False]),
        (["TRUE", "FALSE"], "boolean", [True, False]),
        (["2020-02-29", ""], "date", [date(2020, 2, 29), None]),
        (["2020-02-29 23:59:59"], "timestamp", [datetime(2020, 2, 29, 23, 59, 59)]),
        (["2020-02-29T23:59:59.125"], "timestamp", [datetime(2020, 2, 29, 23, 59, 59, 125000)]),
        (["1e-05", "12", "0.1234567890123456"], "double", [1e-05, 12.0, 0.1234567890123456]),
    ],
)
def test_type_is_the_narrowest_that_gives_every_text_back(cells: list[str], type_: str, values: list[Any]) -> None:
    assert column(cells) == (type_, values)


@pytest.mark.parametrize(
    ("cells", "type_", "format_", "value"),
    [
        (["31/01/2020", "01/02/2020"], "date", "%d/%m/%Y", date(2020, 1, 31)),
        (["1.13.2020", "10.1.2020"], "date", "%-m.%-d.%Y", date(2020, 1, 13)),
        (["31-May-2020"], "date", "%d-%b-%Y", date(2020, 5, 31)),
        (["1/13/2020 9:05"], "timestamp", "%-m/%d/%Y %-H:%M", datetime(2020, 1, 13, 9, 5)),
        (["2020/01/02 12:05:00 AM"], "timestamp", "%Y/%m/%d %I:%M:%S %p", datetime(2020, 1, 2, 0, 5)),
        (["2020-02-29T23:59:59.5"], "timestamp", "%Y-%m-%dT%H:%M:%S.%1f", datetime(2020, 2, 29, 23, 59, 59, 500000)),
        (["-1,234,567", "12"], "bigint", "#,##0", -1234567),
        (["1,234.5", "12"], "decimal(18,1)", "#,##0.#", Decimal("1234.5")),
        (["1.234,50", "0,00"], "decimal(18,2)", "#.##0,00", Decimal("1234.50")),
        (["True", "False"], "boolean", "True/False", True),
    ],
)
def test_another_form_is_read_where_the_column_proves_it(
    cells: list[str], type_: str, format_: str, value: object
) -> None:
    converted = run(("k,v\n" + "".join(f'x,"{cell}"\n' for cell in cells)).encode())
    table = read(converted)
    assert (converted.report.schema[1].type, converted.report.schema[1].format) == (type_, format_)
    assert table.schema.field("v").metadata[b"csvlake.format"].decode() == format_
    assert table.column("v")[0].as_py() == value


@pytest.mark.parametrize(
    "cells",
    [
        ["00501", "12"],
        ["+1"],
        ["-0"],
        ["1.5", "-0.00"],
        ["1e5"],
        ["0x1F"],
        [" 1"],
        ["1 "],
        [".5"],
        ["5."],
        ["1.2.3"],
        ["--1"],
        ["1-2"],
        ["1/2"],
        ["-"],
        ["nan"],
        ["inf"],
        ["1_000"],
        ["NA", "1"],
        ["null"],
        ["9" * 39],
        ["1." + "1" * 38],
        ["true", "TRUE"],
        ["true", "1"],
        ["2020-02-30"],
        ["0000-01-01"],
        ["2020-01-01", "2020-01-01 00:00:00"],
        ["2020-01-01 00:00:00", "2020-01-01T00:00:00"],
        ["2020-01-01 00:00:00Z"],
        ["2020-01-01 00:00+0000"],
        ["2020-01-01 24:00:00"],
        ["2020-01-01 00:00:00.123456"],
        ["01/02/2020", "02/01/2020"],
        ["31/01/2020", "01/31/2020"],
        ["31/01/2020", "1/1/2020", "01/1/2020"],
        ["31/01/2020", "31-01-2020"],
        ["31/01/20"],
        ["31/04/2020"],
        ["2020-1-31"],
        ["31/01/2020", "01/01/2020 10:00"],
        ["31-jan-2020"],
        ["2020-01-01 13:00 PM"],
        ["1,234"],
        ["1,234", "1234"],
        ["1,234,567", "1,23"],
        ["123,456,789"],
        ["12,50"],
        ["1.234,50", "1.234,5"],
        ["192.168.100.101"],
        ["601 234 567"],
        ["$1.50"],
        ["50%"],
        ["1e5", "2e5"],
        ["1e-05", "12345678901234567"],
        ["1e+400"],
        ["-0.0e+10"],
        ["yes", "no"],
        ["\u0661"],
        ["12.5", "007.5"],
        ["", ""],
    ],
)
def test_anything_else_stays_text(cells: list[str]) -> None:
    assert column(cells) == ("string", [cell or None for cell in cells])


def test_dates_under_a_timestamp_are_told_from_midnights() -> None:
    converted = run(b"k,v\nx,2026-01-31\nx,2026-02-01\n", {"v": "timestamp"})
    assert read(converted)["v"].to_pylist() == [datetime(2026, 1, 31), datetime(2026, 2, 1)]
    assert converted.report.schema[1].format == "%Y-%m-%d"
    assert converted.report.rows_rescued == 0


def test_midnights_under_a_date_are_told_from_dates() -> None:
    converted = run(b"k,v\nx,2026-01-31 00:00:00\nx,2026-02-01 00:00:00\n", {"v": "date"})
    assert read(converted)["v"].to_pylist() == [date(2026, 1, 31), date(2026, 2, 1)]
    assert converted.report.schema[1].format == "%Y-%m-%d %H:%M:%S"


def test_types_text_keeps_every_cell_as_it_is() -> None:
    assert column(["1", "", "12.50"], types="text") == ("string", ["1", None, "12.50"])


def test_only_empty_cells_are_null_quoted_or_not() -> None:
    rows = read(run(b'a,b\n"",NA\n,""\n"\x00",null\n')).to_pylist()
    assert rows == [{"a": None, "b": "NA"}, {"a": None, "b": None}, {"a": "\x00", "b": "null"}]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_quoted_line_ends_are_text_and_every_line_end_ends_a_record(end: bytes) -> None:
    content = end.join([b"a,b", b'"x\r\ny",1', b'"q""z",2', b"", b"last,3"])
    converted = run(content)
    assert read(converted).to_pylist() == [{"a": "x\r\ny", "b": 1}, {"a": 'q"z', "b": 2}, {"a": "last", "b": 3}]
    assert converted.report.records_read == 3
    assert converted.report.problems == ["1 blank lines between records are no rows"]


def test_blank_lines_of_one_column_are_records() -> None:
    assert read(run(b"a\n1\n\n2\n")).to_pylist() == [{"a": 1}, {"a": None}, {"a": 2}]


def test_ragged_records_are_written_with_what_fits_and_their_text() -> None:
    converted = run(b'a,b\n1,2\n3\n"x\ny",5,6,"7,8"\n9,10\n')
    assert read(converted).to_pylist() == [
        {"a": "1", "b": 2, "_rescued_data": None},
        {"a": "3", "b": None, "_rescued_data": '{"_missing_cells": 1, "_raw": "3"}'},
        {
            "a": "x\ny",
            "b": 5,
            "_rescued_data": '{"_extra_cells": ["6", "7,8"], "_raw": "\\"x\\ny\\",5,6,\\"7,8\\""}',
        },
        {"a": "9", "b": 10, "_rescued_data": None},
    ]
    report = converted.report
    assert (report.records_read, report.rows_written, report.rows_rescued) == (4, 4, 2)
    assert report.schema[-1] == Column("_rescued_data", "string")


def test_undecodable_records_are_rejected_with_their_place() -> None:
    report = run("a,b\n1,é\n".encode() + b"2,\xff\n3,x\n", encoding="utf-8").report
    assert (report.records_read, report.rows_written, report.records_rejected) == (3, 2, 1)
    reject = report.rejects[0]
    assert (reject.line, reject.byte_offset, reject.raw) == (3, 9, b"2,\xff")


def test_a_file_of_rejects_is_refused_before_they_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 4 * len("byte 3 of the record is not utf-8: invalid start byte" + "2,x") - 1
    monkeypatch.setattr("csvlake.engine.rejects._MAX_BYTES", most)
    good = "".join(f"{number},é\n" for number in range(100)).encode()
    assert run(b"a,b\n" + good + b"2,\xff\n" * 3, encoding="utf-8").report.records_rejected == 3
    with pytest.raises(TerminalError, match="4 records were rejected") as refused:
        run(b"a,b\n" + good + b"2,\xff\n" * 4, encoding="utf-8")
    assert refused.value.code == "too_many_rejects"


def test_header_texts_are_kept_in_the_fields_metadata() -> None:
    table = read(run("Größe,,id,id\n1,2,3,4\n".encode()))
    texts = {field.name: field.metadata[b"csvlake.source_name"].decode() for field in table.schema}
    assert texts == {"grosse": "Größe", "column_2": "", "id": "id", "id_2": "id"}


def test_a_header_without_rows_is_a_table_without_rows() -> None:
    converted = run(b"a,b\n")
    assert read(converted).num_rows == 0
    assert [c.type for c in converted.report.schema] == ["string", "string"]


@pytest.mark.parametrize("content", [b"", b" \n\n", b"\xef\xbb\xbf"])
def test_a_file_without_text_is_refused(content: bytes) -> None:
    with pytest.raises(TerminalError) as refused:
        run(content)
    assert refused.value.code == "empty_file"


def test_columns_take_the_types_that_are_agreed() -> None:
    converted = run(
        b"a,b,c,d,e\n1,2,2020-01-01,,5\n",
        {"a": "string", "b": "decimal(38,4)", "c": "timestamp", "d": "date", "e": "double"},
    )
    assert read(converted).to_pylist() == [
        {"a": "1", "b": Decimal("2.0000"), "c": datetime(2020, 1, 1), "d": None, "e": 5.0}
    ]


def test_dates_that_may_be_read_in_two_orders_are_not_guessed() -> None:
    table = read(run(b"k,v\nx,01/02/2020\n", {"v": "date"}))
    assert table.to_pylist() == [{"k": "x", "v": None, "_rescued_data": '{"v": "01/02/2020"}'}]


def test_yes_and_no_are_booleans_where_the_table_says_so() -> None:
    table = read(run(b"k,v\nx,Yes\ny,No\n", {"v": "boolean"}))
    assert table.column("v").to_pylist() == [True, False]
    assert table.schema.field("v").metadata[b"csvlake.format"] == b"Yes/No"


def test_bits_are_booleans_where_the_table_says_so() -> None:
    assert read(run(b"k,v\nx,1\ny,0\nz,2\n", {"v": "boolean"})).to_pylist() == [
        {"k": "x", "v": True, "_rescued_data": None},
        {"k": "y", "v": False, "_rescued_data": None},
        {"k": "z", "v": None, "_rescued_data": '{"v": "2"}'},
    ]


def test_misfits_are_rescued() -> None:
    converted = run(b"a,b\n1,x\n007,y\nz,\n", {"a": "bigint", "b": "date"})
    assert read(converted).to_pylist() == [
        {"a": 1, "b": None, "_rescued_data": '{"b": "x"}'},
        {"a": None, "b": None, "_rescued_data": '{"a": "007", "b": "y"}'},
        {"a": None, "b": None, "_rescued_data": '{"a": "z"}'},
    ]


def test_misfits_widen_their_column() -> None:
    converted = run(b"a,b\n1,x\n2,y\n", {"b": "date"}, on_misfit="widen")
    assert [c.type for c in converted.report.schema] == ["bigint", "string"]
    assert read(converted).to_pylist() == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]


def test_misfits_reject_their_record() -> None:
    converted = run(b'a,b\n"1\n",1\n\n2,x\n3\n4,4\n', {"b": "bigint"}, on_misfit="reject_record")
    report = converted.report
    assert [row["b"] for row in read(converted).to_pylist()] == [1, None, 4]
    assert (report.records_read, report.rows_written, report.records_rejected, report.rows_rescued) == (4, 3, 1, 1)
    assert (report.rejects[0].line, report.rejects[0].byte_offset, report.rejects[0].raw) == (5, 12, b"2,x")


def test_misfits_refuse_the_file() -> None:
    with pytest.raises(TerminalError, match="'x'") as refused:
        run(b"a,b\n1,x\n", {"b": "bigint"}, on_misfit="reject_file")
    assert refused.value.code == "misfit"


def test_agree_may_not_change_the_columns() -> None:
    with pytest.raises(ValueError, match="in their order"):
        engine.convert(engine.open_source(b"a,b\n1,2\n"), None, lambda columns: columns[:1])


def test_files_are_converted_in_one_step(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.parquet"
    source.write_bytes(b"a,b\n1,x\n")
    target.write_bytes(b"old")
    report = convert_file(str(source), target)
    assert report.rows_written == 1
    assert pq.read_table(target, use_threads=False).to_pylist() == [{"a": 1, "b": "x"}]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.parquet"]
    source.write_bytes(b"")
    with pytest.raises(TerminalError):
        convert_file(source, target)
    assert pq.read_table(target, use_threads=False).num_rows == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.parquet"]


def test_inspection_writes_nothing(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(b"a;b\n1;2\n")
    report = inspect_file(source)
    assert (report.dialect.delimiter, report.rows_written) == (";", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(b"a,b\n" + b"".join(b"%d,t%d\n" % (i, i % 7) for i in range(1000)))
    contents = set()
    for name in ("1", "2"):
        convert_file(source, tmp_path / name)
        contents.add((tmp_path / name).read_bytes())
    assert len(contents) == 1
