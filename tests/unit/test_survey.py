"""What a survey says of each source, and which sources are a table's."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from csvlake.errors import TransientError
from csvlake.lake.naming import Layout
from csvlake.lake.ports import ObjectInfo
from csvlake.lake.survey import TargetState, list_prefix, list_table, survey
from tests.fakes import MemoryStore
from tests.lakes import LakeInMemory

LAYOUT = Layout()


@pytest.fixture
def lake() -> LakeInMemory:
    return LakeInMemory()


def states(lake: LakeInMemory, version: str = "1", threads: int = 3) -> dict[str, TargetState]:
    found = survey(lake.store, LAYOUT, list_prefix(lake.store, LAYOUT), version, threads)
    return {one.source.key.removeprefix("csv-files/"): one.state for one in found}


def test_every_state_of_a_target(lake: LakeInMemory) -> None:
    for name in ("settled", "changed", "foreign"):
        lake.converge(lake.upload(f"t/{name}.csv", "id", "1"))
    lake.upload("t/changed.csv", "id", "2")
    lake.store.upload(lake.target("t/foreign.csv"), b"PAR1")
    lake.upload("t/new.csv", "id", "1")
    lake.upload("t/a=1/a=2/x.csv", "id", "1")
    lake.upload("t/_contract.yaml", "columns:")
    assert states(lake) == {
        "t/a=1/a=2/x.csv": TargetState.UNPLACEABLE,
        "t/changed.csv": TargetState.OLDER_SOURCE,
        "t/foreign.csv": TargetState.FOREIGN,
        "t/new.csv": TargetState.ABSENT,
        "t/settled.csv": TargetState.SETTLED,
    }
    assert states(lake, version="2")["t/settled.csv"] is TargetState.OLDER_VERSION


def test_the_target_tells_of_its_making(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1", "2,3"))
    (found,) = survey(lake.store, LAYOUT, list_prefix(lake.store, LAYOUT), "1")
    assert found.placement is not None
    assert found.placement.target_key == lake.target("t/x.csv")
    assert found.stamp is not None
    assert (found.stamp.records_read, found.stamp.records_rejected) == (2, 1)


def test_a_prefix_and_a_place_to_begin(lake: LakeInMemory) -> None:
    keys = [lake.upload(f"t/{name}.csv", "id", "1") for name in "abc"]
    lake.upload("u/a.csv", "id", "1")
    assert [info.key for info in list_prefix(lake.store, LAYOUT, "t/")] == keys
    assert [info.key for info in list_prefix(lake.store, LAYOUT, "t/", after=keys[0])] == keys[1:]


def test_several_folders_and_files_feed_one_table(lake: LakeInMemory) -> None:
    names = ["Sales 2024/b.csv", "sales-2024.csv", "sales-2024/dt=1/a.csv", "sales_2024.csv", "sales_2024/c.csv"]
    keys = [lake.upload(name, "id", "1") for name in names]
    for name in ("sales/x.csv", "sales.csv", "sales_2024/_hidden/x.csv", "_sales_2024/x.csv", "x/sales_2024.csv"):
        lake.upload(name, "id", "1")
    lake.store.upload("csv-files/sales_2024/", b"")
    assert [info.key for info in list_table(lake.store, LAYOUT, "sales_2024")] == sorted(keys)
    assert list(list_table(lake.store, LAYOUT, "none")) == []


class EndlessStore(MemoryStore):
    """A bucket with no end, which counts how far it was read."""

    listed = 0

    def list_objects(self, prefix: str, after: str = "", *, deep: bool = True) -> Iterator[ObjectInfo]:
        assert deep
        assert not after
        while True:
            self.listed += 1
            yield ObjectInfo(f"{prefix}t/{self.listed:09}.csv", "e", 1)


def test_a_survey_reads_no_further_than_it_is_asked() -> None:
    store = EndlessStore()
    found = survey(store, LAYOUT, list_prefix(store, LAYOUT), "1", threads=2)
    assert [next(found).source.key[-5:] for _ in range(100)] == [f"{number}.csv"[-5:] for number in range(1, 101)]
    assert store.listed <= 100 + 2 * 4 + 1
    found.close()  # type: ignore[attr-defined]
    assert store.calls["head"] <= store.listed


def test_trouble_with_one_target_is_told(lake: LakeInMemory) -> None:
    for number in range(50):
        lake.upload(f"t/{number:02}.csv", "id", "1")

    def fail() -> None:
        raise TransientError("S3 is away")

    lake.store.before("head", 20, fail)
    with pytest.raises(TransientError, match="S3 is away"):
        states(lake)


def test_an_upload_of_the_same_bytes_is_the_same(lake: LakeInMemory) -> None:
    key = lake.upload("t/x.csv", "id", "1")
    lake.converge(key)
    info, data = lake.store.objects[key]
    lake.store.objects[key] = (replace(info, version_id="v99"), data)
    assert states(lake) == {"t/x.csv": TargetState.SETTLED}
