"""Have tables obey the contracts that their owners upload: ``csv-files/<table>/_contract.yaml``.

The contract in force stands in the table's own parameters, so that it comes with the look at the table and changes
together with the types. A contract that comes before the table waits in the bucket for the table's first file; whoever
makes a table looks for one before and after.

Where a crawler makes the tables, contracts are read from the bucket.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache

from csvlake.engine.contract import Contract
from csvlake.engine.model import Column
from csvlake.errors import TerminalError, TransientError
from csvlake.events import look_at_key
from csvlake.lake.changes import Changes
from csvlake.lake.contract import contract_json, parse_contract, read_contract_json
from csvlake.lake.ledger import Outcome
from csvlake.lake.naming import Layout, contract_key
from csvlake.lake.ports import Catalog, Clock, ObjectInfo, ObjectStore, Owner, Queue, Table, TableChanged
from csvlake.lake.projection import projection_parameters
from csvlake.lake.retype import add_columns, change_types, start_change
from csvlake.lake.survey import list_table

__all__ = ["Contracts", "apply_contract", "has_keys", "read_contract"]

_MAX_BYTES = 256 << 10
_MAX_TRIES = 8
_KEEP_S = 5.0


@dataclass
class Contracts:
    """The contracts of one lake. Threads may share it.

    Attributes:
        registers: False where a crawler makes the tables.
    """

    catalog: Catalog
    store: ObjectStore
    queue: Queue
    clock: Clock
    changes: Changes
    owner: Owner
    layout: Layout
    bucket: str
    registers: bool = True
    _known: dict[str, tuple[float, str]] = field(default_factory=dict)

    def converge(self, key: str, table: str) -> Outcome:
        """Bring a table in step with its contract, whatever became of that. Idempotent.

        Args:
            key: of the contract.
            table: whose it is.

        Raises:
            TransientError: it did not come to rest; try again.
        """
        for _ in range(_MAX_TRIES):
            info, text = self._read(key)
            outcome = Outcome(key, "deleted" if info is None else "converted", table_name=table)
            if info is not None:
                outcome = replace(
                    outcome, source_etag=info.etag, source_version=info.version_id, source_bytes=info.size
                )
            try:
                contract = self._parse(text, info, key)
                is_changed = self._apply(table, contract)
            except TableChanged:
                continue
            except TerminalError as refusal:
                self.owner.tell(f"csvlake: the contract of {table} was refused", f"{key}: {refusal.message}")
                return replace(outcome, outcome="refused", reason=refusal.reason)
            now = self.store.head(key)
            if now is not None if info is None else not info.is_same_content(now):
                continue
            if not is_changed:
                return replace(outcome, outcome="unchanged" if info else "deleted", found_nothing=info is None)
            return outcome
        raise TransientError(f"{key} did not come to rest in {_MAX_TRIES} tries")

    def find(self, table: str, max_age_s: float = _KEEP_S) -> str:
        """Return the contract of a table that keeps none, as JSON; "" where there is none that can be read."""
        kept = self._known.get(table)
        now = self.clock.monotonic()
        if kept is not None and now - kept[0] < max_age_s:
            return kept[1]
        key = contract_key(table, self.layout)
        info, text = self._read(key)
        try:
            found = _keep(self._parse(text, info, key))
        except TerminalError:
            found = ""  # its own event tells of it
        self._known[table] = now, found
        return found

    def look_again(self, table: str, seen: str) -> None:
        """Ask for a look at a contract that came while its table was made without it."""
        self._known.pop(table, None)
        if self.find(table) != seen:
            self.queue.send(look_at_key(self.bucket, contract_key(table, self.layout)), 0)

    def _read(self, key: str) -> tuple[ObjectInfo | None, bytes]:
        source = self.store.open_source(key)
        return (None, b"") if source is None else (source.info, source.read_range(0, _MAX_BYTES + 1))

    @staticmethod
    def _parse(text: bytes, info: ObjectInfo | None, key: str) -> Contract | None:
        return None if info is None else parse_contract(text, key)

    def _apply(self, name: str, contract: Contract | None) -> bool:
        """Return whether anything changed."""
        table = self.catalog.get_table(name)
        if not self.registers:
            if table is not None and contract is not None:
                _type_keys(table, contract)
            self._known.pop(name, None)
            keys = [info.key for info in list_table(self.store, self.layout, name)]
            self.queue.send_many([look_at_key(self.bucket, key) for key in keys], 0)
            return bool(keys)
        if table is None or table.contract == _keep(contract):
            return table is None and contract is not None
        self.changes.begin(apply_contract(table, contract, self.clock.now().timestamp()))
        return True


def apply_contract(table: Table, contract: Contract | None, now: float) -> Table:
    """Return a table as a contract wants it, its older files to follow. Pure.

    Args:
        contract: None where there is none any more: types stay as they are.

    Raises:
        TerminalError: the table has other partition keys.
    """
    changed = replace(table, contract=_keep(contract), projection={})
    if contract is not None:
        changed = replace(changed, projection=projection_parameters(contract), description=contract.description)
        changed = replace(changed, partition_keys=_type_keys(table, contract))
        typed = [Column(rule.name, rule.type, rule.description) for rule in contract.columns if rule.type]
        known = {column.name: column for column in typed if table.type_of(column.name)}
        others = {name: c.type for name, c in known.items() if table.type_of(name) != c.type}
        if others:
            changed = change_types(changed, others, now)
        changed = add_columns(changed, [column for column in typed if column.name not in known])
    return start_change(changed, now, is_contract=True) if table.version_id else changed


@lru_cache(maxsize=64)
def read_contract(text: str) -> Contract | None:
    """Return the contract that a table keeps, None for none.

    Raises:
        TransientError: somebody edited the table's parameter; the files must wait until that is mended.
    """
    try:
        return read_contract_json(text) if text else None
    except TerminalError as error:
        raise TransientError(f"{error.message}; upload the contract again") from error


def _keep(contract: Contract | None) -> str:
    """Return what is kept of a contract: all but descriptions, which change no file."""
    if contract is None:
        return ""
    columns = tuple(replace(rule, description="") for rule in contract.columns)
    return contract_json(replace(contract, columns=columns, description=""))


def has_keys(table: Table, contract: Contract) -> bool:
    """Return whether a table has the partition keys that a contract names; otherwise the contract is not for it."""
    return not contract.partition_keys or [key.name for key in table.partition_keys] == list(contract.partition_keys)


def _type_keys(table: Table, contract: Contract) -> tuple[Column, ...]:
    known = [key.name for key in table.partition_keys]
    if not has_keys(table, contract):
        raise TerminalError(
            "partition_layout",
            f"the contract has the partition keys {', '.join(contract.partition_keys)}, and the table {table.name} has "
            f"{', '.join(known) or '(none)'}: name those, or start the table over (docs/operate.md)",
        )
    return tuple(replace(key, type=contract.partition_keys.get(key.name, key.type)) for key in table.partition_keys)
