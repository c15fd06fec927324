"""Make the benchmark's tables: ``python -m tests.bench.make_data FOLDER SCALE [TABLE ...]``; what exists is kept.

At scale 1: lineitem of TPC-H (766 MB), 300 columns of numbers and dates (200 MB), long text with quoted newlines
(200 MB), and a thousand files of 10 kB. Seeds are fixed: the same scale gives the same bytes everywhere.
"""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path

import numpy as np

__all__ = ["TABLES", "make_table", "table_path"]

_BIG_BYTES = 200_000_000
_SMALL_FILES = 1000
_SMALL_BYTES = 10_000
_CHUNK_ROWS = 2000
_LANGUAGES = ("en", "de", "fr", "es")


def table_path(folder: Path, table: str) -> Path:
    """Return where a table lies: a file, or for ``small`` a folder of files."""
    return folder / (table if table == "small" else f"{table}.csv")


def make_table(folder: Path, table: str, scale: float) -> None:
    """Make one table under a name of its own and rename it when it is whole, so that a stopped run leaves no half."""
    goal = table_path(folder, table)
    if goal.exists():
        return
    print(f"making {goal} ...", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = goal.with_name(f"unfinished-{goal.name}")
    TABLES[table](unfinished, scale)
    unfinished.rename(goal)


def _lineitem(path: Path, scale: float) -> None:
    program = Path(sys.executable).with_name("tpchgen-cli")
    command = [str(program), "csv", "--scale-factor", str(scale), "--tables", "lineitem", "--stdout"]
    with path.open("wb") as file:
        subprocess.run(command, stdout=file, check=True)


def _wide(path: Path, scale: float) -> None:
    """Of every ten columns four are integers, four decimals, one dates, one flags; a seventh have 5 % empty cells."""
    header = ",".join(f"c{number}" for number in range(300)) + "\n"
    rows = max(20, min(_CHUNK_ROWS, int(_CHUNK_ROWS * scale * 10)))
    _write(path, header, _wide_chunks(np.random.default_rng(1), rows), scale)


def _wide_chunks(rng: np.random.Generator, rows: int) -> Iterator[str]:
    while True:
        columns = [_wide_column(rng, number, rows) for number in range(300)]
        yield "\n".join(map(",".join, zip(*columns, strict=True))) + "\n"


def _wide_column(rng: np.random.Generator, number: int, rows: int) -> list[str]:
    kind = number % 10
    if kind < 4:
        top = 10 ** (1 + number % 9)
        cells = [str(value) for value in rng.integers(-top, top, rows).tolist()]
    elif kind < 8:
        top, places = 10 ** (3 + number % 6), 2 + number % 3
        cells = [_decimal(value, places) for value in rng.integers(-top, top, rows).tolist()]
    elif kind == 8:
        days = np.datetime64("2020-01-01") + rng.integers(0, 1500, rows)
        cells = [str(day) for day in days.tolist()]
    else:
        cells = [str(value) for value in rng.integers(0, 3, rows).tolist()]
    if number % 7 == 0:
        empty = (rng.random(rows) < 0.05).tolist()
        cells = ["" if gone else cell for cell, gone in zip(cells, empty, strict=True)]
    return cells


def _decimal(value: int, places: int) -> str:
    whole, part = divmod(abs(value), 10**places)
    return f"{'-' if value < 0 else ''}{whole}.{part:0{places}d}"


def _text(path: Path, scale: float) -> None:
    """Half of the bodies are quoted, with newlines, doubled quotes, delimiters and accents at random places."""
    _write(path, "id,title,body,author,created,tags,lang\n", _text_chunks(random.Random(2)), scale)


def _text_chunks(rng: random.Random) -> Iterator[str]:
    words = _words(rng, 20_000)
    numbers = count(1)
    while True:
        rows = []
        for number in islice(numbers, 200):
            body = " ".join(rng.choices(words, k=rng.randint(10, 90)))
            if rng.random() < 0.5:
                letters = list(body)
                for _ in range(rng.randint(1, 4)):
                    at = rng.randrange(len(letters))
                    letters[at] = rng.choice(["\n", "\n\n", "\r\n", ' ""', '"" ', ", ", "é"])
                body = f'"{"".join(letters)}"'
            title = f'"{", ".join(rng.choices(words, k=3))}"'
            tags = f"{rng.choice(words)};{rng.choice(words)}"
            author, lang = f"user{rng.randint(1, 50_000)}", rng.choice(_LANGUAGES)
            rows.append(f"{number},{title},{body},{author},{_moment(rng)},{tags},{lang}\n")
        yield "".join(rows)


def _words(rng: random.Random, word_count: int) -> list[str]:
    return ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 10))) for _ in range(word_count)]


def _moment(rng: random.Random) -> str:
    day = f"2024-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    return f"{day} {rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}"


def _small(path: Path, scale: float) -> None:
    path.mkdir()
    rng = random.Random(3)
    words = _words(rng, 500)
    for number in range(max(3, round(_SMALL_FILES * scale))):
        rows = ["order_id,customer,amount,ordered,shipped_at,note\n"]
        size = len(rows[0])
        while size < _SMALL_BYTES:
            amount = _decimal(rng.randint(0, 10**7), 2)
            note = f'"{", ".join(rng.choices(words, k=2))}"' if rng.random() < 0.3 else rng.choice(words)
            moment = _moment(rng)
            row = f"{rng.randint(1, 10**8)},{rng.choice(words)},{amount},{moment[:10]},{moment},{note}\n"
            rows.append(row)
            size += len(row)
        (path / f"{number:04d}.csv").write_text("".join(rows), encoding="utf-8", newline="")


def _write(path: Path, header: str, chunks: Iterator[str], scale: float) -> None:
    """Write chunks until the table has its size."""
    goal = round(_BIG_BYTES * scale)
    with path.open("wb") as file:
        file.write(header.encode())
        while file.tell() < goal:
            file.write(next(chunks).encode())


TABLES: dict[str, Callable[[Path, float], None]] = {
    "lineitem": _lineitem,
    "text": _text,
    "wide": _wide,
    "small": _small,
}


if __name__ == "__main__":
    for _name in sys.argv[3:] or TABLES:
        make_table(Path(sys.argv[1]), _name, float(sys.argv[2]))
