"""Bring a table's older files and partitions in step after its types or its contract changed.

A message "converge this table" is handled again and again, until no target is behind: it asks for a look at the source
of each one that is, by messages on the same queue, and ends the change when there is none left. The message is sent
before the change is made, and waits for it: so a crash between the two loses nothing. All else that has to be known is
in the catalog (`Table.change`) and in the objects' metadata (`Stamp`).

A conversion may have begun before a change and be published after it. It confirms its types just before
(`Tables.confirm`), so that a change is over only ``grace_s`` after it began: longer than what is confirmed holds, and
one request to S3 with its retries takes.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from csvlake.events import TableRequest, look_at_key
from csvlake.lake.naming import Layout, place
from csvlake.lake.ports import Catalog, Clock, ObjectStore, Queue, Table, TableChanged
from csvlake.lake.retype import finish_change
from csvlake.lake.stamp import Stamp
from csvlake.lake.survey import list_table

__all__ = ["Changes"]

_AWAITED_TRIES = 14  # for a change that is about to be made: longer than a function that may make it lives
_FIRST_DELAY_S = 5
_MAX_DELAY_S = 120
_STUCK_S = 3600.0  # a change that is older has lost its message, or is very large
_MOST_LOOKS = 1000  # asked for at a time: what is uploaded meanwhile waits behind no more
_THREADS = 16  # HEADs in flight


@dataclass
class Changes:
    """The changes of one lake's tables. Threads may share it.

    Attributes:
        grace_s: see above.
    """

    catalog: Catalog
    store: ObjectStore
    queue: Queue
    clock: Clock
    layout: Layout
    bucket: str
    grace_s: float = 120.0
    _nudged: dict[str, float] = field(default_factory=dict)

    def begin(self, table: Table) -> Table:
        """Publish a table that was derived from the catalog's, and have its older files follow.

        Raises:
            TableChanged: it is not what it was derived from.
        """
        if table.change is not None:
            self.queue.send(TableRequest(table.name, table.change.id).write(), 2)
        return self.catalog.update_table(table)

    def nudge(self, table: Table) -> None:
        """Take up a change that nobody seems to work on, as when its message became a dead letter."""
        if table.change is None or self.clock.now().timestamp() - table.change.since < _STUCK_S:
            return
        now = self.clock.monotonic()
        if now - self._nudged.get(table.change.id, -_STUCK_S) >= _STUCK_S:
            self.queue.send(TableRequest(table.name, table.change.id).write(), 0)
            self._nudged[table.change.id] = now

    def converge(self, request: TableRequest) -> None:
        """Handle one message: bring the table one step on, and ask for the next one.

        Raises:
            TransientError: it could not be done; the message must come again.
        """
        table = self.catalog.get_table(request.table)
        if table is None or table.change is None or table.change.id != request.change_id:
            if request.tries < _AWAITED_TRIES and not request.is_met:
                self._ask_again(request)
            return
        self.catalog.align_partitions(table)
        behind = self.find_behind(table)
        if request.behind is None and table.change.is_contract:
            self._ask_for_refused(table)
        done = len(behind) if request.behind is None else request.behind - len(behind)
        asked = max(0, request.asked - done)
        if behind and (done <= 0 or not asked):  # nothing moves, or all is done that was asked for
            asked = self._ask_for_looks(table, behind[:_MOST_LOOKS])
        age = self.clock.now().timestamp() - table.change.since
        if not behind and age >= self.grace_s:
            try:
                self.begin(finish_change(table, self.clock.now().timestamp()))
            except TableChanged:
                pass  # by a change that has a message of its own, or by new columns
            else:
                return
        tries = 0 if done > 0 else request.tries
        self._ask_again(replace(request, tries=tries, behind=len(behind), asked=asked, is_met=True))

    def find_behind(self, table: Table) -> list[tuple[str, Stamp]]:
        """Return the keys and stamps of the table's targets that are not in step with it."""
        listed = self.store.list_objects(self.layout.table_prefix(table.name))
        with ThreadPoolExecutor(_THREADS) as pool:
            heads = list(pool.map(lambda found: self.store.head(found.key), listed))
        stamps = [(head.key, Stamp.read(head.metadata)) for head in heads if head is not None]
        return [(key, stamp) for key, stamp in stamps if stamp is not None and not stamp.is_in_step(table)]

    def _ask_for_looks(self, table: Table, behind: Sequence[tuple[str, Stamp]]) -> int:
        keys = [stamp.source_key for _, stamp in behind if stamp.source_key]
        if unnamed := {target for target, stamp in behind if not stamp.source_key}:
            sources = (place(info.key, self.layout) for info in list_table(self.store, self.layout, table.name))
            keys += [found.source_key for found in sources if found is not None and found.target_key in unnamed]
        self.queue.send_many([look_at_key(self.bucket, key) for key in keys], 0)
        return len(behind)

    def _ask_for_refused(self, table: Table) -> None:
        """Ask for a look at each source without a target: another contract may take what the last one refused."""
        targets = {found.key for found in self.store.list_objects(self.layout.table_prefix(table.name))}
        sources = (place(info.key, self.layout) for info in list_table(self.store, self.layout, table.name))
        keys = [found.source_key for found in sources if found is not None and found.target_key not in targets]
        self.queue.send_many([look_at_key(self.bucket, key) for key in keys], 0)

    def _ask_again(self, request: TableRequest) -> None:
        delay_s = min(_FIRST_DELAY_S << request.tries, _MAX_DELAY_S)
        self.queue.send(replace(request, tries=min(request.tries + 1, _AWAITED_TRIES)).write(), delay_s)
