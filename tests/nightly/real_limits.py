"""Files of the real sizes are refused or converted in bounded memory. ``make nightly`` runs this, not ``make test``.

Each is converted by a process of its own, whose time and peak memory are looked at.
"""

import bz2
import io
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MIB = 1 << 20
MOST_BYTES = 345 * 10**6  # memory_bytes is 300 MiB by default, and may be missed by a tenth
TEXT = b"some text, more 12\n" * 55_000
HEX = random.Random(1).randbytes(63 * MIB // 2).hex().encode()
PAIRS = b"1,2\n" * 1_000
LONG: dict[str, list[bytes]] = {
    "long, quoted": [PAIRS, b'3,"', HEX, b'"\n', PAIRS],
    "long, five of them": [PAIRS, *[b"3,", HEX, b"\n"] * 5, PAIRS],
    "long, the first": [b"3,", HEX, b"\n", PAIRS],
    "long, among a million": [b"1,2\n" * 10**6, b"3,", HEX, b"\n", PAIRS],
    "long, of too many cells": [PAIRS, b"3", HEX.replace(b"0", b","), b"\n", PAIRS],
    "long, undecodable": [PAIRS, b"3,\xff", HEX, b"\n", PAIRS],
    "long, a quote out of place": [PAIRS, b'3,"x"', HEX, b"\n", PAIRS],
    "long, a quote that never closes": [PAIRS, b'3,"x', HEX],
}


def zip_bomb() -> bytes:
    file = io.BytesIO()
    archive = zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2)
    with archive, archive.open("a.csv", "w", force_zip64=True) as member:
        for _ in range(1024):
            member.write(bytes(4 * MIB))
    return file.getvalue()


def bz2_bomb() -> bytes:
    machine = bz2.BZ2Compressor(9)
    return b"".join([*(machine.compress(bytes(4 * MIB)) for _ in range(1024)), machine.flush()])


def repeat(first: bytes, chunk: bytes, count: int) -> Iterator[bytes]:
    yield first
    for _ in range(count):
        yield chunk


GOOD = b"a,b,c\n" + b"1,2,text\n" * 2_000

ODD = {
    "short": (b"12,34\n", b""),
    "long": (b"12,34,text,more\n", b""),
    "comments": (b"# a comment\n", b""),
    "blank": (b"\n", b""),
    "undecodable": (b"12,34,caf\xe9 \xff\xfe\n", b"encoding: utf-8\n"),
    "rejected": (b"x12,34,text\n", b"columns:\n  - name: a\n    type: bigint\non_misfit: reject_record\n"),
    "rescued": (b"x12,34,text\n", b"columns:\n  - name: a\n    type: bigint\n"),
}


def wide(columns: int, rows: int) -> Iterator[bytes]:
    """Numbers, dates and texts by turns."""
    yield b",".join(b"c%d" % column for column in range(columns)) + b"\n"
    for row in range(rows):
        kinds = (b"%d" % row, b"2024-01-%02d" % (row % 28 + 1), b"%d.%02d" % (row, row % 100), b"text %d" % (row % 50))
        yield b",".join(kinds * (columns // 4)) + b"\n"


def long_texts(columns: int, rows: int) -> Iterator[bytes]:
    """No text twice."""
    yield b",".join(b"c%d" % column for column in range(columns)) + b"\n"
    for row in range(rows):
        texts = (b"a text of row %d in column %d, " % (row, column) * 10 for column in range(columns))
        yield b'"' + b'","'.join(texts) + b'"\n'


WIDE = {
    "5,000 columns, 20,000 rows": lambda: wide(5_000, 20_000),
    "20,000 columns, 100 rows": lambda: wide(20_000, 100),
    "1,000 columns of long texts, 1,000 rows": lambda: long_texts(1_000, 1_000),
}

CASES: dict[str, tuple[Callable[[], Iterable[bytes]], str]] = {
    "a zip of 4 GB in 3 kB": (lambda: [zip_bomb()], "expands_too_far"),
    "a bz2 of 4 GB in 3 kB": (lambda: [bz2_bomb()], "expands_too_far"),
    "a record of 1 GB": (lambda: repeat(b"a,b\n1,2\n", b"x" * MIB, 1024), "record_too_long"),
    "a header of 10 MB": (lambda: [b"x" * (10 * MIB) + b",b\n1,2\n"], "header_too_long"),
    "a line of 1 GB": (lambda: repeat(b"", b"x," * (MIB // 2), 1024), "header_too_long"),
    "100,000 columns": (lambda: [b",".join([b"c"] * 100_000) + b"\n"], "too_many_columns"),
    "a quote that never closes": (lambda: repeat(b'a,b\n1,2\n3,"', TEXT, 300), ""),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_too_large_is_refused_in_bounded_memory(name: str, tmp_path: Path) -> None:
    make, code = CASES[name]
    source = tmp_path / "in.csv"
    with source.open("wb") as file:
        file.writelines(make())
    peak_bytes, error = convert(name, source, 2 if code else 0)
    assert code in error
    assert peak_bytes < MOST_BYTES


@pytest.mark.parametrize("name", LONG)
def test_records_of_63_mb_are_kept_in_bounded_memory(name: str, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    with source.open("wb") as file:
        file.writelines([b"a,b\n", *LONG[name]])
    peak_bytes, _ = convert(name, source, 0)
    assert peak_bytes < MOST_BYTES


@pytest.mark.parametrize("name", WIDE)
def test_wide_tables_are_converted_in_bounded_memory(name: str, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    with source.open("wb") as file:
        file.writelines(WIDE[name]())
    peak_bytes, _ = convert(name, source, 0)
    assert peak_bytes < MOST_BYTES


@pytest.mark.parametrize("name", ODD)
def test_a_million_odd_lines_are_kept_in_bounded_memory(name: str, tmp_path: Path) -> None:
    source, options = write_odd(name, tmp_path)
    peak_bytes, _ = convert(name, source, 0, *options)
    assert peak_bytes < MOST_BYTES


def test_a_million_rejects_are_reported_in_bounded_memory(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    source, options = write_odd("undecodable", tmp_path)
    peak_bytes, _ = convert("undecodable, with --report", source, 0, *options, "--report", str(report))
    assert report.stat().st_size > 100 * 10**6
    assert peak_bytes < MOST_BYTES


def write_odd(name: str, folder: Path) -> tuple[Path, list[str]]:
    """Write a file with a million odd lines; return its path and the options that make them odd."""
    line, contract = ODD[name]
    source, rules = folder / "in.csv", folder / "rules.yaml"
    with source.open("wb") as file:
        file.writelines(repeat(GOOD, line * 1_000, 1_000))
    rules.write_bytes(contract)
    return source, ["--with", str(rules)] if contract else []


def convert(name: str, source: Path, exit_code: int, *options: str) -> tuple[int, str]:
    """Convert a file, remove it, and return the process's peak memory and what it wrote to stderr."""
    command = [sys.executable, "-m", "csvlake", "convert", str(source), str(source.with_suffix(".parquet")), *options]
    spawn = [sys.executable, "-S", "-E", str(ROOT / "tests" / "bench" / "spawn.py")]
    ended = subprocess.run([*spawn, *command], cwd=ROOT, capture_output=True, check=True, timeout=600)
    source.unlink()
    figures = json.loads(ended.stdout)
    times = f"{figures['wall_s']:.1f} s, {figures['cpu_s']:.1f} s of CPU"
    print(f"{name}: {times}, {figures['peak_bytes'] / 1e6:.0f} MB")  # noqa: T201 - with -s
    assert figures["exit_code"] == exit_code
    return figures["peak_bytes"], ended.stderr.decode()
