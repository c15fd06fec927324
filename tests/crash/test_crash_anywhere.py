"""The function is killed, throttled, refused, left without an answer or kept waiting at each of its calls in turn.

The messages are delivered again, and then exactly what would have come of it without trouble is there: files, table,
partitions, ledger. What a kill leaves behind is at most one multipart upload, which the bucket's lifecycle rule
removes.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore import endpoint
from moto import mock_aws
from moto.s3 import models

from csvlake.aws import clock, upload
from csvlake.handlers import convert
from tests.crash.account import ENVIRONMENT, Account, Act, Fault, monotonic, scratch_files

LONG = "id,text\n" + "".join(f"{number},{'x' * 40}\n" for number in range(30_000))
# Of several parts, the first of which is sent before a cell refutes what its column was taken for.
LONGER = "id,text\n" + "".join(f"{number},{md5(b'%d' % number).hexdigest()}\n" for number in range(60_000)) + "x,y\n"
PART_BYTES = 512 << 10


@dataclass(frozen=True)
class Scenario:
    """What was there before, what happens, and the keys that events tell of."""

    before: Act
    then: Act
    keys: tuple[str, ...]


def a_long_file(account: Account) -> None:
    account.put("t/long.csv", LONG)
    account.deliver("t/long.csv")


def nothing(_account: Account) -> None:
    """Begin with an empty bucket."""


def one_partition(account: Account) -> None:
    account.put("t/dt=1/x.csv", "id,name\n1,a\n2,b\n")
    account.deliver("t/dt=1/x.csv")


def two_files(account: Account) -> None:
    for name, text in (("a", "id\n1\n2\n"), ("b", "id\n3\n")):
        account.put(f"t/{name}.csv", text)
    account.deliver("t/a.csv", "t/b.csv")


def a_contract_and_a_file(account: Account) -> None:
    account.put("t/_contract.yaml", "null_tokens: ['2']\n")
    account.put("t/x.csv", "id\n1\n2\n")


SCENARIOS = {
    "first file of a partitioned table": Scenario(
        nothing, lambda a: a.put("t/dt=1/x.csv", 'id,name\n1,a\n2,b,c\n3,"never closed'), ("t/dt=1/x.csv",)
    ),
    "uploaded again, with one more column": Scenario(
        one_partition, lambda a: a.put("t/dt=1/x.csv", "id,name,more\n7,z,1\n"), ("t/dt=1/x.csv",)
    ),
    "the last file of a partition deleted": Scenario(
        one_partition, lambda a: a.remove("t/dt=1/x.csv"), ("t/dt=1/x.csv",)
    ),
    "a file that needs a wider type": Scenario(two_files, lambda a: a.put("t/c.csv", "id\n1.5\n"), ("t/c.csv",)),
    "a long file, in row groups": Scenario(nothing, lambda a: a.put("t/long.csv", LONG), ("t/long.csv",)),
    "a long file over another, sent while it is made": Scenario(
        a_long_file, lambda a: a.put("t/long.csv", LONGER), ("t/long.csv",)
    ),
    "a contract": Scenario(
        two_files,
        lambda a: a.put("t/_contract.yaml", "columns: [{name: id, type: 'decimal(18,2)'}]\nnull_tokens: ['2']\n"),
        ("t/_contract.yaml",),
    ),
    "a contract and its first file": Scenario(
        nothing,
        a_contract_and_a_file,
        ("t/_contract.yaml", "t/x.csv"),
    ),
    "an upload that is refused over one that was not": Scenario(
        one_partition, lambda a: a.put("t/dt=1/x.csv", ""), ("t/dt=1/x.csv",)
    ),
}
# The kind of fault, and at how many of the calls it happens here: every one, or every fourth; `make nightly` takes all.
# A kill before a call leaves what a kill after the call before it does.
KINDS = {"after": 1, "lost": 1, "before": 4, "throttled": 4, "broken": 4, "slow": 4}


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr(endpoint, "time", SimpleNamespace(sleep=lambda _seconds: None))  # between boto3's own tries
    monkeypatch.setattr(clock, "time", SimpleNamespace(monotonic=monotonic))
    monkeypatch.setattr(upload, "PART_BYTES", PART_BYTES)
    monkeypatch.setattr(models, "S3_UPLOAD_PART_MIN_SIZE", PART_BYTES)
    return tmp_path


@contextmanager
def prepared(scenario: Scenario) -> Iterator[Account]:
    convert._container.cache_clear()
    with mock_aws(config={"core": {"service_whitelist": None}}):
        account = Account()
        scenario.before(account)
        scenario.then(account)
        yield account
    convert._container.cache_clear()


def run(scenario: Scenario, fault: Fault) -> dict[str, Any]:
    with prepared(scenario) as account:
        account.deliver(*scenario.keys, fault=fault)
        assert len(account.open_uploads()) <= (fault.kind in {"before", "after", "lost", "broken"})
        return account.state()


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_end_is_the_same(name: str, kind: str, scratch: Path) -> None:
    scenario = SCENARIOS[name]
    count = Fault()
    wanted = run(scenario, count)
    assert count.seen >= 5
    assert ("s3.CreateMultipartUpload" in count.requests) == name.startswith("a long file")
    step = 1 if os.environ.get("CSVLAKE_CRASHES") == "all" else KINDS[kind]
    for at in range(1, count.seen + 1, step):
        fault = Fault(kind, at)
        found = run(scenario, fault)
        assert found == wanted, f"{kind} at request {at}: {fault.requests[at - 1 : at]}"
        # Keys that threads share in one batch may need a request less than the first time.
        assert fault.seen >= at or len(scenario.keys) > 1
        assert scratch_files(scratch) == []
