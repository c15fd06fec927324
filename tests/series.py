"""Groups of real files that are one table each, and a watch over a lake in memory while such files arrive.

A series is a group of at least five files with like headers among those of `tests.real_files`: 22 of them.
"""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from csvlake import engine
from csvlake.engine.model import RESCUED_COLUMN, Converted, Report
from csvlake.lake.converge import Converger
from csvlake.lake.ledger import Outcome
from csvlake.lake.matrix import is_silent
from tests.fakes import Intercepted
from tests.lakes import LakeInMemory
from tests.real_files import DATA, read_records
from tests.spelling import is_text_of

__all__ = ["SERIES", "SeriesLake", "list_series"]

SERIES = {  # table: its files
    "csse_daily": "csse_daily/*.csv",
    "scotland": "uk_covid/daily/*-scotland.csv",
    "wales": "uk_covid/daily/*-wales.csv",
    "england": "uk_covid/daily/*-england.csv",
    "northern_ireland": "uk_covid/daily/*-northern-ireland.csv",
    "county_uas": "uk_covid/raw/CountyUAs_cases_table-*.csv",
    "nhsr": "uk_covid/raw/NHSR_Cases_table-*.csv",
    "eng_1": "footballcsv_england/*/*/eng.1.csv",
    "eng_2": "footballcsv_england/*/*/eng.2.csv",
    "eng_3": "footballcsv_england/*/*/eng.3.csv",
    "eng_4": "footballcsv_england/*/*/eng.4.csv",
    "world_cup": "fivethirtyeight/world-cup-predictions/wc-*.csv",
    "brackets": "fivethirtyeight/march-madness-predictions/bracket-*.csv",
    "mens_brackets": "fivethirtyeight/march-madness-predictions-2015/mens/*.tsv",
    "womens_brackets": "fivethirtyeight/march-madness-predictions-2015/womens/*.tsv",
    "womens_matches": "fivethirtyeight/womens-world-cup-predictions/wwc-matches-*.csv",
    "womens_forecasts": "fivethirtyeight/womens-world-cup-predictions/wwc-forecast-*.csv",
    "delegate_targets": "fivethirtyeight/gop-delegate-benchmarks-2024/previous-targets/*.csv",
    "pollster_ratings": "fivethirtyeight/pollster-ratings/20*/pollster-ratings.*",
    "world_trust": "fivethirtyeight/trump-world-trust/TRUMPWORLD-issue-*.csv",
    "weather": "fivethirtyeight/us-weather-history/*.csv",
    "castles": "fivethirtyeight/riddler-castles/castle-solutions*.csv",
}
_PLAIN = {"int64": "bigint", "bool": "boolean", "date32[day]": "date", "timestamp[ms]": "timestamp"}


def list_series(table: str) -> dict[str, bytes]:
    """Return the files of a series by name below its table's folder, in the order of their time."""
    paths = sorted(DATA.glob(SERIES[table]), key=_when)
    return {path.relative_to(DATA).as_posix(): path.read_bytes() for path in paths}


def _when(path: Path) -> tuple[list[int], str]:
    numbers = [int(number) for number in re.findall(r"\d+", path.relative_to(DATA).as_posix())]
    if path.parent.name == "csse_daily":  # month, day, year
        numbers = [numbers[2], *numbers[:2]]
    return numbers, path.name


@dataclass
class SeriesLake:
    """A lake in memory with the real engine, and what must hold of it whenever an object or a table changed."""

    lake: LakeInMemory = field(default_factory=LakeInMemory, repr=False)
    reports: dict[str, Report] = field(default_factory=dict, repr=False)  # by the source's name
    read: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)  # etag and stored types, by target
    proven: dict[str, str] = field(default_factory=dict)  # etag of which every cell was compared, by target
    converger: Converger = field(init=False)

    def __post_init__(self) -> None:
        self.lake.convert = self.convert
        self.converger = self.lake.process(lambda port: Intercepted(port, self.look))

    def convert(self, source: Any, *arguments: Any) -> Converted:
        """Convert by the real engine, and keep its report."""
        converted = engine.convert(source, *arguments)
        self.reports[source.name] = converted.report
        return converted

    def arrive(self, table: str, name: str, content: bytes) -> Outcome:
        """Have one file arrive, and check the table before and after the queue's messages are delivered."""
        key = f"csv-files/{table}/{name}"
        self.lake.store.upload(key, content)
        outcome = self.converger.converge(key)
        self.prove_texts(table)
        self.lake.deliver(self.converger)
        self.prove_texts(table)
        self.check_settled(table)
        return outcome

    def bring_contract(self, table: str, contract: str) -> None:
        """Have a table's contract arrive, and check the table afterwards."""
        key = f"csv-files/{table}/_contract.yaml"
        self.lake.store.upload(key, contract)
        assert self.converger.converge(key).outcome == "converted"
        self.lake.deliver(self.converger)
        self.prove_texts(table)
        self.check_settled(table)

    def look(self, when: str, call: str) -> None:
        """Check after each call that changes something that no file is read silently wrong."""
        if when == "after" and call in {"put_table", "complete", "create_table", "update_table"}:
            for table in self.lake.catalog.tables:
                shown = self.lake.types(table)
                for target, stored in self.stored_types(table).items():
                    for name, type_ in stored.items():
                        assert not is_silent(type_, shown[name]), (target, name, type_, shown[name])

    def stored_types(self, table: str) -> Mapping[str, dict[str, str]]:
        """Return the types that each of a table's objects stores its columns for."""
        targets = self.lake.store.keys(f"parquet-files/{table}/")
        for target in targets:
            info, data = self.lake.store.objects[target]
            if self.read.get(target, ("",))[0] != info.etag:
                self.read[target] = info.etag, _stored_types(data)
        return {target: self.read[target][1] for target in targets}

    def check_settled(self, table: str) -> None:
        """Check that every object stores what the catalog shows."""
        held = self.lake.catalog.tables.get(table)
        if held is None:
            return  # no file has arrived yet that is not refused
        assert held.change is None
        shown = self.lake.types(table)
        for target, stored in self.stored_types(table).items():
            assert stored == {name: shown[name] for name in stored}, target

    def prove_texts(self, table: str) -> None:
        """Check that every cell's text of every file can be read from the table's objects."""
        for target in self.lake.store.keys(f"parquet-files/{table}/"):
            etag = self.lake.store.objects[target][0].etag
            if self.proven.get(target) != etag:
                self._prove(target)
                self.proven[target] = etag

    def _prove(self, target: str) -> None:
        rows = self.lake.store.table(target)
        key = rows.schema.metadata[b"csvlake.source_key"].decode()
        records = read_records(self.lake.store.objects[key][1], self.reports[f"s3://lake/{key}"])
        assert len(records) == rows.num_rows, target
        assert find_difference(rows, records) is None, target


def find_difference(rows: Any, records: list[list[str]]) -> str | None:
    """Return a cell whose text is not that of its record, None where there is none."""
    rescued: list[str | None] = [None] * rows.num_rows
    if RESCUED_COLUMN in rows.column_names:
        rescued = rows[RESCUED_COLUMN].to_pylist()
    kept = [json.loads(text) if text else {} for text in rescued]
    fields = [column for column in rows.schema if column.name != RESCUED_COLUMN]
    for at, column in enumerate(fields):
        format_ = (column.metadata or {}).get(b"csvlake.format", b"").decode()
        texts = [record[at] if at < len(record) else "" for record in records]
        others = [own.get(column.name) for own in kept]
        for value, text, other in set(zip(rows[column.name].to_pylist(), texts, others, strict=True)):
            if other != text if other is not None else not is_text_of(value, text, format_):
                return f"{column.name}: {value!r} ({other!r}) for {text!r}"
    lost = [
        own for own, record in zip(kept, records, strict=True) if record[len(fields) :] != own.get("_extra_cells", [])
    ]
    return f"extra cells: {lost[0]}" if lost else None


def _stored_types(data: bytes) -> dict[str, str]:
    types = {column.name: str(column.type) for column in pq.read_schema(io.BytesIO(data))}
    return {name: _PLAIN.get(type_) or re.sub("128| |64", "", type_) for name, type_ in types.items()}
