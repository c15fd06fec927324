"""The mapping of keys, over any key that S3 takes."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from csvlake.errors import TerminalError
from csvlake.lake.naming import Layout, Placement, place
from csvlake.lake.partitions import escape_value, unescape_value

LAYOUT = Layout()
# Names that meet after cleaning are made likely: few letters, in both cases, with accents and punctuation.
NAMES = st.text(st.sampled_from("aAbàé -_.+%=#日/"), max_size=12) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=40
)
SPECIAL = st.sampled_from(["orders", "orders-0123456789ab", "dt=1", "dt=a b", "DT=1"])
KEYS = st.builds(
    lambda parts, suffix: "csv-files/" + "/".join(parts) + suffix,
    st.lists(
        NAMES | st.sampled_from(["orders", "orders-0123456789ab", "dt=1", "dt=a b", "DT=1"]), min_size=1, max_size=4
    ),
    st.sampled_from(["", ".csv", ".CSV", ".csv.gz", ".parquet"]),
).filter(lambda key: len(key.encode()) <= 1024)


def try_place(key: str) -> Placement | None:
    try:
        return place(key, LAYOUT)
    except TerminalError:
        return None


@given(st.lists(KEYS, min_size=2, max_size=30, unique=True))
def test_no_two_keys_share_a_target(keys: list[str]) -> None:
    targets = sorted(placement.target_key for placement in map(try_place, keys) if placement)
    assert all(one != other for one, other in pairwise(targets))


@given(KEYS)
def test_targets_are_data_for_athena(key: str) -> None:
    placement = try_place(key)
    if placement is None:
        return
    assert re.fullmatch(r"[a-z0-9][a-z0-9_]{0,254}", placement.table)
    assert len(placement.target_key.encode()) <= 1024
    assert placement.target_key.startswith(f"parquet-files/{placement.table}/")
    assert placement.target_key.startswith(placement.partition_prefix)
    assert placement.target_key.endswith(".parquet")
    rest = placement.target_key.removeprefix("parquet-files/").split("/")
    assert not any(part.startswith(("_", ".")) or not part for part in rest)
    assert placement == place(key, LAYOUT)


@given(KEYS)
def test_partitions_can_be_read_from_the_target(key: str) -> None:
    placement = try_place(key)
    if placement is None:
        return
    folders = placement.partition_prefix.removeprefix(f"parquet-files/{placement.table}/").split("/")[:-1]
    found = [(name, unescape_value(value)) for name, _, value in (folder.partition("=") for folder in folders)]
    assert tuple(found) == placement.partitions


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_escaping_round_trips(value: str) -> None:
    assert unescape_value(escape_value(value)) == value
    assert "/" not in escape_value(value)
