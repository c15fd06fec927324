"""What does not fit a row's columns is kept as the JSON that Python would write."""

import json

from csvlake.engine.ragged import NONE, describe_records
from csvlake.engine.records import Record
from csvlake.engine.rescue import rescue_rows

NAME, TEXT = 'größe "x"\\', 'a "b"\n\t\\ \x01 é €'


def test_it_is_written_as_json_dumps_would() -> None:
    raw = TEXT.encode()
    ragged = describe_records([1, 3], [Record(1, 0, raw, (b"1", raw, raw, b"")), Record(1, 0, b"1", (b"1",))], 2)
    column = rescue_rows(5, ragged, {NAME: {0: TEXT, 1: "", 4: "7"}, "b": {1: "8"}})
    assert column is not None
    expected = [
        {NAME: TEXT},
        {NAME: "", "b": "8", "_extra_cells": [TEXT, ""], "_raw": TEXT},
        None,
        {"_missing_cells": 1, "_raw": "1"},
        {NAME: "7"},
    ]
    assert column.to_pylist() == [row and json.dumps(row, ensure_ascii=False) for row in expected]


def test_nothing_is_kept_of_rows_that_fit() -> None:
    assert rescue_rows(5, NONE, {"a": {}}) is None
