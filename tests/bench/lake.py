"""Small files through the whole chain: ``python -m tests.bench.lake [--files N] [--tables N]``, or ``make bench-lake``.

Every file is put at once on the local stack; the clock runs from the first PUT until the queue is
empty and every Parquet object stands. The peer is the common Lambda (`tests.bench.lake_peer`) on the same stack, fed by
a rule, a topic and a queue of its own, once with and once without an update of the catalog for every file. All get the
same files, one after the other, round after round.
"""

import argparse
import random
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.__main__ import bring_up
from local.deployment import Stack
from local.screen import Screen
from local.server import find_server, stop_server
from local.state import State
from tests.bench.lake_report import Drop, Round, describe, describe_ratios, write_document
from tests.bench.lake_stack import Lane, csvlake_lane, light_peer_lane, peer_lane
from tests.bench.machine import describe_machine

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parents[2]
_ROWS = 100
_UPLOADS = 16  # at the same time
_TIMEOUT_S = 3600
_POLL_S = 0.25


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and write the document if the run is a full one.

    Returns:
        0, or 1 when something that must hold does not.
    """
    asked = _parse(arguments)
    state = State()
    state.folder.mkdir(exist_ok=True)
    was_up = find_server(state) is not None
    _, stack = bring_up(state, Screen(), {})
    try:
        machine, rounds = describe_machine(), []
        for number in range(asked.rounds):
            rounds.append(_run_round(stack, asked, number))
            print(describe(rounds[-1]), flush=True)
    finally:
        if not was_up:
            stop_server(state)
    print(describe_ratios(rounds))
    if asked.document:
        write_document(asked.document, rounds, machine)
        print(f"written: {asked.document}")
    return 1 if any(one.trouble() for one in rounds) else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.lake", description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--peer-files", type=int, help="default: as many")
    parser.add_argument("--tables", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--document", type=Path, help="the file to write (default: docs/bench-lake.md for a whole run)")
    asked = parser.parse_args(arguments)
    asked.peer_files = asked.peer_files or asked.files
    is_whole = (asked.files, asked.tables) == (2000, 50)
    asked.document = asked.document or (_ROOT / "docs" / "bench-lake.md" if is_whole else None)
    return asked


def _run_round(stack: Stack, asked: argparse.Namespace, number: int) -> Round:
    lanes = [(csvlake_lane, asked.files), (peer_lane, asked.peer_files), (light_peer_lane, asked.peer_files)]
    outcome = Round(asked.tables)
    for make_lane, files in reversed(lanes) if number % 2 else lanes:
        with make_lane(stack, f"bench{int(time.time())}") as lane:
            lane.warm()
            used_s = lane.used_cpu_s()
            seconds = _drop(lane, asked.tables, files)
            outcome.lanes[lane.name] = Drop(files, seconds, lane.used_cpu_s() - used_s, lane.count())
    return outcome


def _drop(lane: Lane, tables: int, files: int) -> float:
    """Put all files at once, and return the seconds until all have arrived."""
    requests = [lane.sign(name, body) for name, body in _make_files(lane.run, tables, files)]
    began = time.monotonic()
    with ThreadPoolExecutor(_UPLOADS) as pool:
        deque(pool.map(lane.send, requests), maxlen=0)
    # A list of all objects takes the local AWS as long as some files do: it is asked for at the end only.
    while lane.count_waiting() or lane.count_arrived() < files:
        if time.monotonic() - began > _TIMEOUT_S:
            raise TimeoutError(f"{lane.name}: not all of {files} files arrived in {_TIMEOUT_S} s")
        time.sleep(_POLL_S)
    return time.monotonic() - began


def _make_files(run: str, tables: int, files: int) -> Iterator[tuple[str, bytes]]:
    numbers = random.Random(5)
    for number in range(files):
        rows = (
            f"{numbers.randrange(10**6)},item {numbers.randrange(1000)},{numbers.randrange(10**5) / 100:.2f},"
            f"2026-{numbers.randrange(1, 13):02}-{numbers.randrange(1, 29):02}\n"
            for _ in range(_ROWS)
        )
        text = "id,name,amount,day\n" + "".join(rows)
        yield f"{run}_t{number % tables:02}/{number:05}.csv", text.encode()


if __name__ == "__main__":
    sys.exit(main())
