"""What does not fit a row's columns is kept as the JSON that Python would write."""

import json

from csvlake.engine.records import Record
from csvlake.engine.rescue import rescue_rows

NAME, TEXT = 'größe "x"\\', 'a "b"\n\t\\ \x01 é €'


def test_it_is_written_as_json_dumps_would() -> None:
    raw = TEXT.encode()
    ragged = {1: Record(1, 0, raw, (b"1", raw, raw, b"")), 3: Record(1, 0, b"1", (b"1",))}
    column = rescue_rows(5, 2, ragged, {NAME: {0: TEXT, 1: ""}, "_raw": {1: "its column is called so", 4: "7"}})
    assert column is not None
    expected = [
        {NAME: TEXT},
        {NAME: "", "_raw": TEXT, "_extra_cells": [TEXT, ""]},  # the record's own text wins
        None,
        {"_missing_cells": 1, "_raw": "1"},
        {"_raw": "7"},
    ]
    assert column.to_pylist() == [row and json.dumps(row, ensure_ascii=False) for row in expected]


def test_nothing_is_kept_of_rows_that_fit() -> None:
    assert rescue_rows(5, 2, {}, {"a": {}}) is None
