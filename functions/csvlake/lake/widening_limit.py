"""Say whether a file may change its table's types: only while what has to be converted again is not too much."""

from dataclasses import dataclass, field

from csvlake.engine.model import Column
from csvlake.lake.naming import Layout, Placement
from csvlake.lake.ports import Clock, ObjectStore, Owner
from csvlake.lake.survey import list_table

__all__ = ["WideningLimit"]

_KEEP_S = 60.0
_TELL_AGAIN_S = 3600.0


@dataclass
class WideningLimit:
    """The limit of one lake. Threads may share it.

    Attributes:
        bytes: of a table's other CSVs.
    """

    store: ObjectStore
    layout: Layout
    clock: Clock
    owner: Owner
    bytes: int = 1 << 30
    _known: dict[str, tuple[float, bool]] = field(default_factory=dict)
    _told: dict[tuple[str, str], float] = field(default_factory=dict)

    def refuse(self, placement: Placement, column: Column, wider: str) -> str | None:
        """Return why a column of the table stays as it is, None where it may become wider; tell the owner why.

        Args:
            placement: of the file that asks.
            column: of the table, with its type.
            wider: the type that would hold the file's cells, too.
        """
        if not self._is_exceeded(placement):
            return None
        command = f"csvlake migrate {placement.table} {column.name} '{wider}'"
        reason = (
            f"column {column.name!r} stays {column.type}, and cells of this file that do not fit are in _rescued_data: "
            f"for {wider} more than {self.bytes} bytes of older CSVs would be converted again. To do it: {command}"
        )
        asked_for = (placement.table, column.name)
        now = self.clock.monotonic()
        if now - self._told.get(asked_for, -_TELL_AGAIN_S) >= _TELL_AGAIN_S:
            self.owner.tell(f"csvlake: column {column.name} of {placement.table} needs your decision", reason)
            self._told[asked_for] = now
        return reason

    def _is_exceeded(self, placement: Placement) -> bool:
        now = self.clock.monotonic()
        kept = self._known.get(placement.table)
        if kept is not None and now - kept[0] < _KEEP_S:
            return kept[1]
        total = 0
        for source in list_table(self.store, self.layout, placement.table):
            total += source.size if source.key != placement.source_key else 0
            if total > self.bytes:
                break
        self._known[placement.table] = now, total > self.bytes
        return total > self.bytes
