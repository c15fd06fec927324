"""A whole lake in memory, for tests: the lake's own code over the fakes."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from csvlake.engine.model import ConvertOptions
from csvlake.events import parse_messages
from csvlake.lake.batch import Batch, Failure
from csvlake.lake.changes import Changes
from csvlake.lake.contracts import Contracts
from csvlake.lake.converge import Converger
from csvlake.lake.crawl import Crawls
from csvlake.lake.ledger import Ledger, Outcome
from csvlake.lake.naming import Layout, place
from csvlake.lake.prepare import Convert, Lake
from csvlake.lake.registry import PartitionRegistry
from csvlake.lake.tables import Tables
from csvlake.lake.widening_limit import WideningLimit
from tests.fakes import (
    MemoryCatalog,
    MemoryClock,
    MemoryCrawler,
    MemoryOwner,
    MemoryQueue,
    MemoryStore,
    convert_simply,
)

GRACE_S = 130  # longer than a change of types takes at least


@dataclass
class LakeInMemory:
    """One bucket and one database, which any number of processes work on."""

    store: MemoryStore = field(default_factory=MemoryStore)
    catalog: MemoryCatalog = field(default_factory=MemoryCatalog)
    clock: MemoryClock = field(default_factory=MemoryClock)
    crawler: MemoryCrawler | None = None
    convert: Convert = convert_simply
    version: str = "1"
    auto_migrate_bytes: int = 1 << 30
    owner: MemoryOwner = field(default_factory=MemoryOwner)
    queue: MemoryQueue = field(init=False)

    def __post_init__(self) -> None:
        self.queue = MemoryQueue(self.clock)

    def process(self, wrap: Callable[[Any], Any] = lambda port: port) -> Converger:
        """Return the converger of a new process, which remembers nothing.

        Args:
            wrap: applied to each port that the process sees.
        """
        is_direct = self.crawler is None
        store, catalog, queue = wrap(self.store), wrap(self.catalog), wrap(self.queue)
        layout = Layout()
        changes = Changes(catalog, store, queue, self.clock, layout, "lake")
        contracts = Contracts(
            catalog, store, queue, self.clock, changes, self.owner, layout, "lake", registers=is_direct
        )
        widening = WideningLimit(store, layout, self.clock, self.owner, self.auto_migrate_bytes)
        tables = Tables(catalog, self.clock, changes, "s3://lake/", registers=is_direct)
        partitions = PartitionRegistry(catalog, store, self.clock, queue, "lake", registers=is_direct)
        options = ConvertOptions()
        return Converger(
            Lake(
                store,
                tables,
                changes,
                contracts,
                widening,
                partitions,
                layout,
                self.clock,
                self.convert,
                options,
                self.version,
            )
        )

    def batch(
        self, converger: Converger | None = None, wrap: Callable[[Any], Any] = lambda port: port, **settings: Any
    ) -> Batch:
        store, queue = wrap(self.store), wrap(self.queue)
        crawls = Crawls(wrap(self.crawler), store, queue, self.clock, self.owner) if self.crawler else None
        ledger = Ledger(store, "meta/")
        return Batch(converger or self.process(wrap), ledger, self.clock, queue, "lake", crawls, **settings)

    def run_event(self, event: dict[str, Any], request_id: str = "r1") -> Sequence[Failure]:
        """Invoke a new process with an event, and return the messages that failed."""
        return self.batch().run(parse_messages(event), request_id)

    def upload(self, name: str, *lines: str) -> str:
        """Put a CSV of these lines under the prefix, and return its key."""
        key = f"csv-files/{name}"
        self.store.upload(key, "".join(f"{line}\n" for line in lines))
        return key

    def converge(self, key: str) -> Outcome:
        return self.process().converge(key)

    def deliver(self, converger: Converger | None = None, rounds: int = 40) -> None:
        """Deliver what is in the queue until nothing is left. Changes of types come to their end."""
        for number in range(rounds):
            bodies = self.queue.receive()
            records = [{"messageId": str(at), "eventSource": "aws:sqs", "body": body} for at, body in enumerate(bodies)]
            if records:
                assert self.batch(converger).run(parse_messages({"Records": records}), f"d{number}") == []
            if not self.queue.sent:
                return
            self.clock.advance(GRACE_S)
        raise AssertionError("the queue never ran dry")

    def rows(self, name: str) -> list[tuple[Any, ...]]:
        """Return the rows of one file's target, [] where there is none."""
        target = self.target(name)
        if target not in self.store.objects:
            return []
        return [tuple(row.values()) for row in self.store.rows(target)]

    def types(self, table: str) -> dict[str, str]:
        """Return the types of a table's columns, in their order."""
        return {column.name: column.type for column in self.catalog.tables[table].columns}

    def table(self, name: str) -> pa.Table:
        return self.store.table(self.target(name))

    @staticmethod
    def target(name: str) -> str:
        placement = place(f"csv-files/{name}", Layout())
        assert placement is not None
        return placement.target_key

    def ledger(self, table: str = "conversions") -> list[dict[str, Any]]:
        """Return the ledger's rows, oldest object first."""
        keys = self.store.keys(f"meta/{table}/")
        return [row for key in keys for row in self.store.rows(key)]

    def calls(self) -> Counter[str]:
        return self.store.calls + self.catalog.calls

    def with_crawler(self) -> "LakeInMemory":
        self.store.now = self.clock.now
        return replace(self, crawler=MemoryCrawler(self.clock))


def sqs_event(*keys: str, bucket: str = "lake") -> dict[str, Any]:
    """Return what Lambda is given for these keys; one that begins with "!" is a poison message."""
    details = [{"bucket": {"name": bucket}, "object": {"key": key}} for key in keys]
    bodies = [{"source": "aws.s3", "detail-type": "Object Created", "detail": detail} for detail in details]
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "eventSource": "aws:sqs",
                "body": key if key.startswith("!") else json.dumps(body),
            }
            for number, (key, body) in enumerate(zip(keys, bodies, strict=True))
        ]
    }


def run(batch: Batch, *keys: str, request_id: str = "r1") -> Sequence[Failure]:
    """Send these keys through a batch."""
    return batch.run(parse_messages(sqs_event(*keys)), request_id)
