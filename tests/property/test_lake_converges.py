"""Uploads, re-uploads, deletions, duplicates, reorderings, races, crashes and lost answers, in any sequence.

Two processes work on one lake in memory. Whatever happened, once every message was delivered without trouble the
tables hold exactly what the bucket implies, in the types that the catalog tells, and the ledger says so. At no step is
there a file that Athena would read silently wrong as the type that the catalog shows.
CSVLAKE_EXAMPLES sets the number of sequences (200 where it is not set).
"""

import ast
import json
import os
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from csvlake.errors import TransientError
from csvlake.events import look_at_key, parse_messages
from csvlake.lake.contract import contract_json, parse_contract
from csvlake.lake.converge import Converger
from csvlake.lake.matrix import is_silent
from csvlake.lake.naming import Layout, Placement, place
from csvlake.lake.stamp import Stamp
from tests.fakes import Intercepted
from tests.lakes import LakeInMemory

NAMES = ["t/x.csv", "t/y.csv", "t.csv", "T/x.csv", "p/dt=1/x.csv", "p/dt=1/y.csv", "p/dt=2/x.csv"]
CONTENTS = {
    "integers": "id\n1\n2\n",
    "other integers": "id\n3\n",
    "text": "id\nn/a\n",
    "one more column": "id,extra\n4,x\n",
    "the same as integers": "id,extra\n5,6\n",
    "a record that is too long": "id\n7\n8,9\n",
    "one digit behind the dot": "id\n1.5\n",
    "three digits behind the dot": "id\n1.125\n",
    "many digits": "id\n12345678901234567\n",
    "no records": "id\n",
    "no bytes": "",
}
CONTRACTS = {  # of the table t
    "types": "columns: [{name: id, type: 'decimal(18,2)'}]",
    "tokens": "null_tokens: ['1', n/a]",
    "text": "columns: [{name: id, type: string}, {name: more, type: date}]",
    "broken": "columns: 7",
}
CONTRACT_KEY = "csv-files/t/_contract.yaml"
CHANGES = st.tuples(st.sampled_from(NAMES), st.sampled_from([*CONTENTS, None]))  # None: the object is removed
BARRIERS = {"boolean", "timestamp"}
FAULTS = ["crash", "trouble", "other process", "overtaken"]


class Crash(BaseException):
    """The process was killed."""


class LakeMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.lake = LakeInMemory()
        self.pending: list[str] = []
        self.touched: set[str] = set()
        self.requests = 0
        self.step = 0
        self.trouble_met = ""
        self.fault_at = -1
        self.fault: Callable[[], None] = lambda: None
        self.processes: list[Converger] = [self.lake.process(self.wrap), self.lake.process()]

    # What users do ------------------------------------------------------------------------------------------------

    @rule(change=CHANGES, is_told_twice=st.booleans())
    def change(self, change: tuple[str, str | None], is_told_twice: bool) -> None:
        name, content = change
        key = f"csv-files/{name}"
        if content is None:
            self.lake.store.remove(key)
        else:
            self.lake.store.upload(key, CONTENTS[content])
        self.touched.add(key)
        self.pending += [look_at_key("lake", key)] * (2 if is_told_twice else 1)

    @rule(content=st.sampled_from([*CONTRACTS, None]), is_told_twice=st.booleans())
    def change_contract(self, content: str | None, is_told_twice: bool) -> None:
        if content is None:
            self.lake.store.remove(CONTRACT_KEY)
        else:
            self.lake.store.upload(CONTRACT_KEY, CONTRACTS[content])
        self.pending += [look_at_key("lake", CONTRACT_KEY)] * (2 if is_told_twice else 1)

    @rule(seconds=st.sampled_from([1, 4, 6, 20]))
    def wait(self, seconds: int) -> None:
        self.lake.clock.advance(seconds)
        self.pending += self.lake.queue.receive()

    # What the queue does ------------------------------------------------------------------------------------------

    @rule(picks=st.lists(st.integers(0, 50), min_size=1, max_size=3), number=st.integers(0, 1))
    def deliver(self, picks: list[int], number: int) -> None:
        """Invoke a process with a few messages, in any order, maybe one twice."""
        self.invoke(picks, number)

    @rule()
    def deliver_all(self) -> None:
        while self.pending:
            before = len(self.pending)
            self.invoke([0], 1)
            assert len(self.pending) < before, f"a message that never comes to rest: {self.trouble_met}"

    @rule(
        first=CHANGES,
        kind=st.sampled_from(FAULTS),
        at=st.integers(1, 20),
        second=CHANGES,
        is_same_key=st.booleans(),
        others=st.lists(st.integers(0, 50), min_size=1, max_size=2),
    )
    def deliver_with_trouble(
        self,
        first: tuple[str, str | None],
        kind: str,
        at: int,
        second: tuple[str, str | None],
        is_same_key: bool,
        others: list[int],
    ) -> None:
        """Have something happen before or after a call that the process makes: ``at`` counts both."""
        self.change(first, False)
        overtaking = (first[0], second[1]) if is_same_key else second
        self.step, self.fault_at = 0, at
        self.fault = {
            "crash": self.crash,
            "trouble": self.trouble,
            "other process": lambda: self.invoke(others, 1),
            "overtaken": lambda: self.overtake(overtaking),
        }[kind]
        try:
            self.invoke([len(self.pending) - 1], 0)
        except Crash:
            self.processes[0] = self.lake.process(self.wrap)
        finally:
            self.fault_at = -1

    def overtake(self, change: tuple[str, str | None]) -> None:
        """Change the object that is being converted, or another, and have the other process told at once."""
        self.change(change, False)
        self.invoke([len(self.pending) - 1], 1)

    def crash(self) -> None:
        raise Crash

    def trouble(self) -> None:
        raise TransientError("throttled before the call, or the answer was lost after it")

    def wrap(self, port: Any) -> Any:
        return Intercepted(port, self.on_call)

    def on_call(self, _when: str, _name: str) -> None:
        self.step += 1
        if self.step == self.fault_at:
            self.fault()

    def invoke(self, picks: list[int], number: int) -> None:
        """Deliver messages; those that were not acknowledged stay."""
        bodies = [self.pending[pick % len(self.pending)] for pick in picks if self.pending]
        self.requests += 1
        wrap = self.wrap if number == 0 else (lambda port: port)
        batch = self.lake.batch(self.processes[number], wrap)
        records = [{"messageId": str(at), "eventSource": "aws:sqs", "body": body} for at, body in enumerate(bodies)]
        if not records:
            return
        try:
            failures = batch.run(parse_messages({"Records": records}), f"r{self.requests:06}")
        except TransientError as error:
            self.trouble_met = repr(error)
            return
        self.trouble_met = repr([(failure.error, failure.error.__cause__) for failure in failures])
        failed = {failure.message_id for failure in failures}
        for at, body in enumerate(bodies):
            if str(at) not in failed and body in self.pending:
                self.pending.remove(body)

    # What must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def check_settled_keys(self) -> None:
        """A key whose messages were all acknowledged is right now, not only in the end."""
        waiting = {json.loads(body).get("key") for body in self.pending}
        self.check_targets(self.touched - waiting)

    @invariant()
    def check_that_no_file_is_read_silently_wrong(self) -> None:
        for table in self.lake.catalog.tables.values():
            shown = {column.name: column.type for column in table.columns}
            for target in self.lake.store.keys(f"parquet-files/{table.name}/"):
                own = self.partition_types(target)
                for name, stored in stored_types(self.lake.store.table(target)).items():
                    if {shown[name], own.get(name, shown[name])} & BARRIERS:
                        continue  # a plain error
                    assert own.get(name, shown[name]) == shown[name]
                    assert not is_silent(stored, shown[name]), (target, name, stored, shown[name])

    def partition_types(self, target: str) -> dict[str, str]:
        """Return the types that a file's partition has by itself."""
        _, name, folder, *_ = target.split("/")
        columns = self.lake.catalog.partition_columns.get((name, (folder.removeprefix("dt="),)), ())
        return {column.name: column.type for column in columns}

    def teardown(self) -> None:
        for _ in range(20):
            self.deliver_all()
            self.wait(130)
        assert not self.pending
        assert not self.lake.queue.sent
        self.check_targets(self.touched)
        self.check_types()
        self.check_contract()
        self.check_partitions()
        self.check_ledger()

    def check_targets(self, keys: set[str]) -> None:
        lake = self.lake
        for key in keys:
            target = placement_of(key).target_key
            info, data = lake.store.objects.get(key, (None, b""))
            if info is None or not data:
                assert target not in lake.store.objects
                continue
            stamp = Stamp.read(lake.store.objects[target][0].metadata)
            assert stamp is not None
            table = lake.catalog.tables[placement_of(key).table]
            if stamp.is_in_step(table):
                assert texts_of(lake.store.rows(target)) == texts_in(data.decode(), table.contract)
            else:
                assert table.change is not None
            assert stamp.is_of(info, lake.version)

    def check_types(self) -> None:
        """All files and partitions are in step with the tables."""
        for table in self.lake.catalog.tables.values():
            assert table.change is None
            types = {column.name: column.type for column in table.columns}
            for target in self.lake.store.keys(f"parquet-files/{table.name}/"):
                stored = stored_types(self.lake.store.table(target))
                assert stored == {name: types[name] for name in stored}
                stamp = Stamp.read(self.lake.store.objects[target][0].metadata)
                assert stamp is not None
                assert stamp.is_in_step(table)
        for (name, _), columns in self.lake.catalog.partition_columns.items():
            types = {column.name: column.type for column in self.lake.catalog.tables[name].columns}
            assert {column.name: column.type for column in columns}.items() <= types.items()

    def check_contract(self) -> None:
        """The contract in the bucket is in force; a broken one leaves an earlier one in force."""
        if "t" in self.lake.catalog.tables:
            _, text = self.lake.store.objects.get(CONTRACT_KEY, (None, b""))
            if text != CONTRACTS["broken"].encode():
                wanted = contract_json(parse_contract(text, "c")) if text else ""
                assert self.lake.catalog.tables["t"].contract == wanted

    def check_partitions(self) -> None:
        targets = self.lake.store.keys("parquet-files/p/")
        filled = {(target.split("/")[2].removeprefix("dt="),) for target in targets}
        assert set(self.lake.catalog.partitions.get("p", {})) == filled

    def check_ledger(self) -> None:
        newest: dict[str, dict[str, Any]] = {}
        for row in self.lake.ledger():
            if row["source_key"] != CONTRACT_KEY:
                newest[row["source_key"]] = row
        rejected = {(row["source_key"], row["source_etag"]) for row in self.lake.ledger("rejects")}
        assert newest.keys() == self.touched
        for key, row in newest.items():
            held = self.lake.store.objects.get(key)
            if held is None:
                assert row["outcome"] == "deleted"
            elif not held[1]:
                assert (row["outcome"], row["source_etag"]) == ("refused", held[0].etag)
            else:
                assert row["outcome"] in ("converted", "unchanged")
                assert (row["source_etag"], row["source_version"]) == (held[0].etag, held[0].version_id)
                assert row["records_read"] == row["rows_written"] + row["records_rejected"]
                assert (row["records_rejected"] > 0) == ((key, held[0].etag) in rejected)


def placement_of(key: str) -> Placement:
    placement = place(key, Layout())
    assert placement is not None
    return placement


def stored_types(table: pa.Table) -> dict[str, str]:
    """Return the Glue types that a file stores its columns for."""
    plain = {"int64": "bigint", "string": "string"}
    return {
        field.name: plain.get(str(field.type)) or str(field.type).replace("128", "").replace(" ", "")
        for field in table.schema
    }


def texts_in(text: str, contract: str) -> list[dict[str, str]]:
    """Return the cells of a CSV by column, without its rejected records; null tokens are empty."""
    tokens = json.loads(contract or "{}").get("null_tokens", [])
    header, *records = (line.split(",") for line in text.splitlines())
    cells = [["" if cell in tokens else cell for cell in record] for record in records]
    return [dict(zip(header, record, strict=True)) for record in cells if len(record) <= len(header)]


def texts_of(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return the cells of a table by column, rescued ones in their places."""
    cells = []
    for row in rows:
        rescued = ast.literal_eval(row.pop("_rescued_data", None) or "{}")
        cells.append({name: rescued.get(name, spell(value)) for name, value in row.items()})
    return cells


def spell(value: Any) -> str:
    """Return a value's text. Zeros at the end, up to the scale, are not told apart."""
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".")
    return "" if value is None else str(value)


TestLake = LakeMachine.TestCase
TestLake.settings = settings(
    max_examples=int(os.environ.get("CSVLAKE_EXAMPLES", "200")), stateful_step_count=25, deadline=None
)


def test_messages_of_ours_are_plain() -> None:
    assert json.loads(look_at_key("lake", "csv-files/é")) == {
        "csvlake": "look_at_key",
        "bucket": "lake",
        "key": "csv-files/é",
    }
