"""Register a partition with its first file, and remove it with its last.

A process remembers for a few seconds what it registered. In that time another one may find the partition empty and
remove it just before we publish into it. So whoever removes a partition asks for one more look, later than anything
may be remembered; and a look at a key that is gone registers the partition where there is something in it. Requests
come before removals: a crash in between leaves a look too many, not one too few.
"""

from csvlake.events import look_at_key
from csvlake.lake.naming import Placement
from csvlake.lake.partitions import format_folder
from csvlake.lake.ports import Catalog, Clock, ObjectStore, Partition, Queue, Table

__all__ = ["PartitionRegistry"]

_KEEP_S = 5.0
_LOOK_AGAIN_S = 15  # well after what was remembered is forgotten


class PartitionRegistry:
    """The partitions of one lake. Threads may share it.

    Args:
        registers: False where a crawler does all of this.
    """

    def __init__(
        self, catalog: Catalog, store: ObjectStore, clock: Clock, queue: Queue, bucket: str, *, registers: bool = True
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._clock = clock
        self._queue = queue
        self._bucket = bucket
        self._registers = registers
        self._known: dict[tuple[str, tuple[str, ...]], float] = {}

    def register(self, placement: Placement, table: Table | None) -> None:
        """Make sure that the catalog knows the partition of a file that was published.

        Args:
            table: the file's; None where only the catalog knows it.
        """
        values = tuple(value for _, value in placement.partitions)
        if not self._registers or not values:
            return
        kept_at = self._known.get((placement.table, values))
        if kept_at is not None and self._clock.monotonic() - kept_at < _KEEP_S:
            return
        asked_at = self._clock.monotonic()
        table = table or self._catalog.get_table(placement.table)
        if table is not None and not table.projection and self._is_in(table, placement):
            location = f"s3://{self._bucket}/{placement.partition_prefix}"
            self._catalog.create_partition(table, Partition(values, location))
            self._known[placement.table, values] = asked_at

    def settle(self, placement: Placement) -> None:
        """Remove the partition of a file that is gone, if it was the last one in it."""
        values = tuple(value for _, value in placement.partitions)
        if not self._registers or not values:
            return
        if self._store.has_any(placement.partition_prefix):
            self.register(placement, None)
        elif self._is_ours(placement) and self._catalog.has_partition(placement.table, values):
            self._queue.send(look_at_key(self._bucket, placement.source_key), _LOOK_AGAIN_S)
            self._known.pop((placement.table, values), None)
            self._catalog.delete_partition(placement.table, values)
            if self._store.has_any(placement.partition_prefix):
                self.register(placement, None)

    def _is_ours(self, placement: Placement) -> bool:
        table = self._catalog.get_table(placement.table)
        return table is not None and not table.projection and self._is_in(table, placement)

    def _is_in(self, table: Table, placement: Placement) -> bool:
        """Return whether a partition is one of this table.

        A file that was refused may name the partition of a table with other keys, or at another place, whose values
        are the same.
        """
        folders = "".join(f"{format_folder(*partition)}/" for partition in placement.partitions)
        ours = f"s3://{self._bucket}/{placement.partition_prefix.removesuffix(folders)}"
        keys = [key.name for key in table.partition_keys]
        return keys == [key for key, _ in placement.partitions] and table.location.rstrip("/") == ours.rstrip("/")
