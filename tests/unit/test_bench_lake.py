"""The benchmark of the whole chain: what it says of a run, and what it finds wrong."""

from pathlib import Path

from tests.bench.lake_report import LIGHT_PEER, OURS, PEER, Drop, Round, describe, write_document
from tests.bench.machine import Machine

RIGHT = {"files": 100, "tables": 10, "table versions": 10, "dead letters": 0, "failed messages": 0}


def outcome(peer_s: float = 10.0, **ours: int) -> Round:
    counts = {**RIGHT, **{name.replace("_", " "): count for name, count in ours.items()}}
    peer = Drop(50, peer_s, 2.5, {**RIGHT, "files": 50})
    return Round(10, {OURS: Drop(100, 5.0, 1.0, counts), PEER: peer, LIGHT_PEER: Drop(50, 5.0, 2.0, RIGHT)})


def test_the_ratio_is_of_rates() -> None:
    assert (outcome().ratio(), outcome().ratio(LIGHT_PEER)) == (4.0, 2.0)
    assert (outcome().cpu_ratio(), outcome().cpu_ratio(LIGHT_PEER)) == (5.0, 4.0)
    assert "| csvlake | 100 | 5.0 | 20.0 | 10.0 | 100 | 10 | 10 | 0 | 0 |" in describe(outcome())
    assert outcome().trouble() == []


def test_a_version_too_many_is_trouble() -> None:
    assert outcome(table_versions=11).trouble() == ["table versions: 11, not 10"]
    assert "table versions: 11, not 10" in describe(outcome(table_versions=11))


def test_the_document_says_whether_the_aim_is_reached(tmp_path: Path) -> None:
    machine = Machine("a processor", 2, 8.0, "Linux", 1.5, "abc", "2026-11-26 04:00 UTC")
    path = tmp_path / "bench-lake.md"
    write_document(path, [outcome()], machine)
    assert "**4.0 times**" in path.read_text()
    assert "is not reached" not in path.read_text()
    assert "the figures are 2.0 and 4.0." in path.read_text()
    write_document(path, [outcome(peer_s=5.0)], machine)
    assert "The aim, 3 times as many a second, is not reached." in path.read_text()
