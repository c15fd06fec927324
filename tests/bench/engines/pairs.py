"""What every engine's program is given: a CSV and its Parquet file, or a folder of each."""

from collections.abc import Sequence
from pathlib import Path

__all__ = ["list_pairs"]


def list_pairs(arguments: Sequence[str]) -> list[tuple[str, str]]:
    """Return (source, goal) for each file of a process's arguments ``program IN OUT``, sorted by name."""
    source, goal = Path(arguments[1]), Path(arguments[2])
    if not source.is_dir():
        return [(str(source), str(goal))]
    return [(str(path), str(goal / f"{path.stem}.parquet")) for path in sorted(source.iterdir())]
