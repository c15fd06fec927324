"""Records of megabytes: worked on alone, held in memory once, and rejected as a whole where they are odd."""

import threading
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from csvlake import convert_file, engine
from csvlake.engine.chunks import take_chunks
from csvlake.engine.dialect import decide
from csvlake.engine.footer import split
from csvlake.engine.kernel import Scanned
from csvlake.engine.long_texts import encode_texts, leave_long_texts
from csvlake.engine.model import Converted, ConvertOptions
from csvlake.engine.pieces import Batch, Piece
from csvlake.engine.rowgroups import Part, RowGroups
from csvlake.engine.sizes import Sizes
from csvlake.engine.source import open_text
from csvlake.engine.stream import stream
from csvlake.engine.turns import Turns

LONG = "".join(f"{number:x} " for number in range(1_200_000))  # 7.6 MB


def write(table: pa.Table, codec: str) -> bytes:
    """Write a table as the engine writes a long batch."""
    rest, long = leave_long_texts(table)
    sink = pa.BufferOutputStream()
    writer = pq.ParquetWriter(
        sink, rest.schema, compression=codec, use_dictionary=False, write_page_index=True, store_schema=False
    )
    with writer:
        writer.write_table(rest)
    content = memoryview(sink.getvalue())
    chunks = [encode_texts(long[at], one) if at in long else one for at, one in enumerate(take_chunks(content))]
    out = pa.BufferOutputStream()
    out.write(b"PAR1")
    groups = RowGroups(out, 0, 0)
    groups.add(Part(chunks, table.num_rows, 1, 1))
    base = pa.BufferOutputStream()
    pq.ParquetWriter(base, rest.schema).close()
    groups.finish(split(memoryview(base.getvalue()))[0], drops_last=False, sorted_columns=[])
    return bytes(out.getvalue())


@pytest.mark.parametrize("codec", ["zstd", "none"])
def test_long_texts_are_pages_that_every_reader_reads(codec: str, tmp_path: Path) -> None:
    texts = ["a", None, None, LONG, "", "é" * 700_000, *["b", None] * 20, LONG[:2_000_000]]
    chunks = pa.chunked_array([pa.array(texts[:2], pa.string()), pa.array(["cut off", *texts[2:]], pa.string())[1:]])
    table = pa.table({"n": pa.array(range(len(texts))), "t": chunks, "few": pa.array(["x"] * len(texts))})
    path = tmp_path / "out.parquet"
    path.write_bytes(write(table, codec))
    assert pq.read_table(path, use_threads=False).equals(table.combine_chunks())
    assert duckdb.sql(f"SELECT n, t, few FROM '{path}' ORDER BY n").fetchall() == [
        (row, text, "x") for row, text in enumerate(texts)
    ]
    assert duckdb.sql(f"SELECT n FROM '{path}' WHERE t = 'a'").fetchall() == [(0,)]
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(1)
    assert (chunk.statistics.null_count, chunk.statistics.has_min_max) == (texts.count(None), False)
    assert chunk.has_offset_index


def convert_long(body: bytes, tmp_path: Path) -> Converted:
    """Convert in batches and pieces so small that the records of 6 MB are long."""
    options = ConvertOptions(scratch_dir=tmp_path, encoding="utf-8")
    text = open_text(engine.open_source(b"a,b\n" + body), options)
    text.encoding_proven = True
    return stream(text, decide(text, options), options, None, None, Sizes(2, 1 << 20, 1 << 18, 1 << 18))


GOOD = b"".join(b"%d,t%d\n" % (row, row) for row in range(100_000))


def test_long_records_keep_their_place_among_others(tmp_path: Path) -> None:
    body = GOOD + b'7,"%s"\n' % LONG.encode() + GOOD + b"8,%s\n" % LONG.encode() * 2 + GOOD
    converted = convert_long(body, tmp_path)
    assert converted.path is not None
    table = pq.read_table(converted.path, use_threads=False)
    assert converted.report.rows_written == table.num_rows == 300_003
    expected = [f"t{row}" for row in range(100_000)]
    assert table.column("b").to_pylist() == [*expected, LONG, *expected, LONG, LONG, *expected]
    assert table.column("a").to_pylist()[100_000:100_002] == [7, 0]
    converted.path.unlink()


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"7,x,%s" % LONG.encode(), "not 2 cells, in a record longer than 4194304 bytes"),
        (b'7,"x\n%s",9' % LONG.encode(), "not 2 cells, in a record longer than 4194304 bytes"),
        (b"7,\xff%s" % LONG.encode(), "byte 3 of the record is not utf-8: invalid start byte"),
        (b'7,"x" %s' % LONG.encode(), "a quote is out of place or never closes: no record ends within 4194304 bytes"),
    ],
)
def test_odd_ones_are_rejected_with_all_their_text(record: bytes, reason: str, tmp_path: Path) -> None:
    converted = convert_long(GOOD + record + b"\r\n" + GOOD, tmp_path)
    (reject,) = converted.report.rejects
    assert (reject.line, reject.byte_offset, reject.reason) == (100_002, len(GOOD) + 4, reason)
    assert reject.raw == record
    assert (converted.report.records_read, converted.report.rows_written) == (200_001, 200_000)
    assert converted.path is not None
    converted.path.unlink()
    whole = convert_file(_write(tmp_path, b"a,b\n" + GOOD + record + b"\r\n" + GOOD), tmp_path / "out")
    assert list(whole.rejects) == [reject]


def _write(folder: Path, content: bytes) -> Path:
    (folder / "in.csv").write_bytes(content)
    return folder / "in.csv"


class FewBatches:
    """A cutter of batches of given lengths."""

    def __init__(self, lengths: list[int]) -> None:
        self._lengths = list(enumerate(lengths))

    def next(self, buffer: bytearray) -> Batch | None:
        if not self._lengths:
            return None
        number, length = self._lengths.pop(0)
        return Batch(number, buffer, 0, [Piece(0, length, Scanned())])


def test_a_long_batch_is_worked_on_alone_and_none_is_cut_meanwhile() -> None:
    turns = Turns(FewBatches([1, 1, 9, 9, 1, 1, 1, 9, 1]), 5)  # type: ignore[arg-type]
    working: set[int] = set()
    seen: list[tuple[int, set[int]]] = []

    def work() -> None:
        while True:
            with turns.take() as (batch, is_long):
                if batch is None:
                    return
                assert is_long == (batch.longest == 9)
                working.add(batch.number)
                time.sleep(0.01)
                seen.append((batch.number, set(working)))
                working.remove(batch.number)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(number for number, _ in seen) == list(range(9))
    assert [others for number, others in seen if number in {2, 3, 7}] == [{2}, {3}, {7}]
    assert max(len(others) for _, others in seen) > 1
