"""A file that does not fit in memory is sent while it is made, and its object tells what it was made from."""

import io
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from csvlake import engine
from csvlake.engine.model import Converted, ConvertOptions, Output, Report, Source
from csvlake.errors import TerminalError
from csvlake.lake.ports import IN_FOOTER
from csvlake.lake.stamp import Stamp
from tests.fakes import Intercepted, MemoryUpload
from tests.lakes import LakeInMemory

KEY = "csv-files/t/x.csv"
LINES = 60_000  # of some 40 bytes, most of them random


def convert_in_little_memory(source: Source, options: ConvertOptions, *rest: Any) -> Converted:
    """Convert by the real engine, which streams what is larger than 1 MiB."""
    return engine.convert(source, replace(options, memory_bytes=1), *rest)


@pytest.fixture
def lake() -> LakeInMemory:
    return LakeInMemory(convert=convert_in_little_memory)


@pytest.fixture
def grown(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return how much of a file was sent each time, 0 for what was dropped."""
    sizes: list[int] = []
    grow, drop = MemoryUpload.grow, MemoryUpload.drop

    def tell_grown(upload: MemoryUpload, path: Path, size: int) -> None:
        sizes.append(size)
        grow(upload, path, size)

    def tell_dropped(upload: MemoryUpload) -> None:
        sizes.append(0)
        drop(upload)

    monkeypatch.setattr(MemoryUpload, "grow", tell_grown)
    monkeypatch.setattr(MemoryUpload, "drop", tell_dropped)
    return sizes


def lines(seed: int = 0, last: str = "9,the end") -> list[str]:
    draw = random.Random(seed)
    return ["id,text", *(f"{number},{draw.randbytes(16).hex()}" for number in range(LINES)), last]


def stamp_of(lake: LakeInMemory) -> Stamp | None:
    info = lake.store.head(lake.target("t/x.csv"))
    return Stamp.read(info.metadata) if info is not None else None


def test_it_is_sent_while_it_is_made(lake: LakeInMemory, grown: list[int]) -> None:
    outcome = lake.converge(lake.upload("t/x.csv", *lines()))
    assert (outcome.outcome, outcome.rows_written) == ("converted", LINES + 1)
    assert len(grown) > 1
    assert grown == sorted(grown)
    assert grown[0] < lake.store.objects[lake.target("t/x.csv")][0].size / 2
    assert lake.rows("t/x.csv")[-1] == (9, "the end")


def test_its_footer_tells_what_it_was_made_from(lake: LakeInMemory) -> None:
    outcome = lake.converge(lake.upload("t/x.csv", *lines(), "1,2,3"))
    info, data = lake.store.objects[lake.target("t/x.csv")]
    assert info.metadata == IN_FOOTER
    stamp = stamp_of(lake)
    assert stamp is not None
    assert (stamp.source_etag, stamp.source_key, stamp.records_read, stamp.rows_rescued) == (
        outcome.source_etag,
        KEY,
        LINES + 2,
        1,
    )
    assert stamp.types_id == lake.catalog.tables["t"].types_id
    told = pq.read_metadata(io.BytesIO(data)).metadata
    assert told[b"csvlake.source_key"] == KEY.encode()


def test_a_second_delivery_changes_nothing(lake: LakeInMemory) -> None:
    first = lake.converge(lake.upload("t/x.csv", *lines()))
    before = lake.store.objects[lake.target("t/x.csv")]
    again = lake.converge(KEY)
    assert lake.store.objects[lake.target("t/x.csv")] == before
    assert (again.outcome, again.records_read) == ("unchanged", first.records_read)


def test_uploading_again_replaces_by_the_one_conversion(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", *lines()))
    lake.upload("t/x.csv", *lines(1), "8,again")
    lake.store.calls.clear()
    assert lake.converge(KEY).outcome == "converted"
    assert lake.store.calls["open_source"] == 1
    assert lake.rows("t/x.csv")[-1] == (8, "again")


def test_a_late_cell_drops_what_was_sent(lake: LakeInMemory, grown: list[int]) -> None:
    outcome = lake.converge(lake.upload("t/x.csv", *lines(last="not a number,the end")))
    assert outcome.rows_written == LINES + 1
    assert grown[0] > 0
    assert 0 in grown
    assert lake.types("t") == {"id": "string", "text": "string"}
    assert lake.rows("t/x.csv")[-1] == ("not a number", "the end")


def test_the_table_takes_it_before_it_is_visible(lake: LakeInMemory) -> None:
    calls: list[str] = []

    def tell(when: str, call: str) -> None:
        if when == "before" and call in {"create_table", "complete"}:
            calls.append(call)

    lake.process(lambda port: Intercepted(port, tell)).converge(lake.upload("t/x.csv", *lines()))
    assert calls == ["create_table", "complete"]


def test_a_table_that_moved_meanwhile_has_it_made_again(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/y.csv", "id,text", "1,a"))
    lake.catalog.before("update_table", lambda: lake.converge(lake.upload("t/z.csv", "id,other", "1,2")))
    outcome = lake.converge(lake.upload("t/x.csv", "id,text,more", *(f"{line},1" for line in lines()[1:])))
    assert outcome.outcome == "converted"
    stamp = stamp_of(lake)
    assert stamp is not None
    assert stamp.types_id == lake.catalog.tables["t"].types_id
    assert lake.rows("t/x.csv")[-1] == (9, "the end", 1)


@pytest.mark.parametrize("name", ["grow", "describe"])
def test_trouble_while_it_is_made_leaves_nothing(lake: LakeInMemory, tmp_path: Path, name: str) -> None:
    def convert(source: Source, options: ConvertOptions, agree: Any, metadata: Any, output: Output) -> Converted:
        def refuse(*_: Any) -> Any:
            raise TerminalError("late", "refused at the end")

        options = replace(options, scratch_dir=tmp_path)
        return convert_in_little_memory(source, options, agree, metadata, replace(output, **{name: refuse}))

    lake.convert = convert
    outcome = lake.converge(lake.upload("t/x.csv", *lines()))
    assert outcome.outcome == "refused"
    assert (lake.rows("t/x.csv"), list(tmp_path.iterdir()), lake.store.unfinished) == ([], [], 0)


@pytest.mark.parametrize("content", [lines(), ["id", "1"], []])
def test_no_upload_is_left_open(lake: LakeInMemory, content: list[str]) -> None:
    lake.converge(lake.upload("t/x.csv", *content))
    assert lake.store.unfinished == 0


def test_what_its_footer_tells_is_asked_for_once(tmp_path: Path) -> None:
    reports: list[Report] = []

    def describe(report: Report) -> Mapping[str, str]:
        reports.append(report)
        return {"csvlake-x": str(report.rows_written)}

    data = "\n".join(lines(last="not a number,the end")).encode()
    output = Output(lambda _path, _size: None, lambda: None, describe)
    options = ConvertOptions(memory_bytes=1, scratch_dir=tmp_path)
    converted = engine.convert(engine.open_source(data), options, None, {"a": "b"}, output)
    assert reports == [converted.report]
    assert converted.path is not None
    told = pq.read_metadata(converted.path).metadata
    assert (told[b"csvlake-x"], told[b"a"]) == (str(LINES + 1).encode(), b"b")
