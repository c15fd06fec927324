"""A folder of 10,000 keys is deleted at once: all rows go, at a bounded number of calls, partitions once each."""

import random
from collections import Counter

from csvlake.lake.converge import Converger
from tests.lakes import LakeInMemory, run

KEYS = 10_000
PARTITIONS = 20
BATCH = 100
CALLS_A_KEY = {"open_source": 1, "head": 2, "delete": 1, "has_any": 1}  # the source, the target, the source again


def fill(lake: LakeInMemory) -> list[str]:
    """Have 10,000 targets stand whose sources are gone; few of them were ever converted."""
    folders = [f"t/city={number}: a" for number in range(PARTITIONS)]
    for folder in folders:
        lake.converge(lake.upload(f"{folder}/0.csv", "id", "1"))
        lake.store.remove(f"csv-files/{folder}/0.csv")
    names = [f"{folders[number % PARTITIONS]}/{number // PARTITIONS}.csv" for number in range(KEYS)]
    _, data = lake.store.objects[lake.target(names[0])]
    for name in names:
        lake.store.upload(lake.target(name), data)
    return [f"csv-files/{name}" for name in names]


def remembered(process: Converger) -> int:
    """Return how many things a process keeps in mind."""
    return len(process._lake.tables._known) + len(process._lake.partitions._known)


def test_all_rows_go_and_each_partition_once() -> None:
    lake = LakeInMemory()
    keys = fill(lake)
    assert len(lake.catalog.partitions["t"]) == PARTITIONS
    random.Random(1).shuffle(keys)
    process, before = lake.process(), Counter(lake.calls())
    for at in range(0, KEYS, BATCH):
        assert run(lake.batch(process), *keys[at : at + BATCH], request_id=f"r{at}") == []
    calls = lake.calls() - before
    assert lake.store.keys("parquet-files/") == []
    assert lake.catalog.partitions["t"] == {}
    assert calls["delete_partition"] == PARTITIONS
    for call, most in CALLS_A_KEY.items():
        assert calls[call] <= most * KEYS + 2 * PARTITIONS, call
    assert calls["put"] == KEYS / BATCH  # the ledger's
    assert sum(calls.values()) <= (sum(CALLS_A_KEY.values()) + 1) * KEYS
    assert remembered(process) <= PARTITIONS + 1
    told = Counter(row["outcome"] for row in lake.ledger())
    assert told == {"deleted": KEYS}
