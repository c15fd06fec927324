"""Convert a source by what its table says, and have the table take it, so that nothing but the put is left."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from csvlake.engine.model import Agree, Column, Converted, ConvertOptions
from csvlake.engine.model import Source as EngineSource
from csvlake.errors import TransientError
from csvlake.lake.agree import agree_columns
from csvlake.lake.changes import Changes
from csvlake.lake.contracts import Contracts, apply_contract, has_keys, read_contract
from csvlake.lake.naming import Layout, Placement
from csvlake.lake.partition_values import check_partitions, type_partitions
from csvlake.lake.ports import Clock, ObjectStore, SourceObjectBytes, Table
from csvlake.lake.registry import PartitionRegistry
from csvlake.lake.stamp import Stamp
from csvlake.lake.tables import Tables
from csvlake.lake.widening_limit import WideningLimit

__all__ = ["Convert", "Lake", "Prepared", "Preparer"]

Convert = Callable[[EngineSource, ConvertOptions, Agree, dict[str, str]], Converted]


@dataclass(frozen=True)
class Lake:
    """What a converger works with."""

    store: ObjectStore
    tables: Tables
    changes: Changes
    contracts: Contracts
    widening: WideningLimit
    partitions: PartitionRegistry
    layout: Layout
    clock: Clock
    convert: Convert
    options: ConvertOptions
    converter_version: str


@dataclass(frozen=True)
class Prepared:
    """A conversion that its table takes, and what its object's metadata will tell."""

    converted: Converted
    stamp: Stamp
    table: Table | None
    reason: str | None  # what was not done for the file that could be

    def remove_scratch(self) -> None:
        """Remove the conversion's scratch file."""
        _remove_scratch(self.converted)


class Preparer:
    """Prepare sources. For one thread at a time."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def look_up(self, placement: Placement) -> Table | None:
        """Return the table by which a file is converted: one that is still to be made has its contract already.

        Raises:
            TerminalError: the file cannot be one of the table's.
        """
        lake = self._lake
        prefix = lake.layout.table_prefix(placement.table)
        table = lake.tables.look(placement, prefix)
        if table is None or not lake.tables.registers:
            contract = read_contract(lake.contracts.find(placement.table))
            if contract is not None and (table is None or has_keys(table, contract)):
                keys = type_partitions(contract, placement.partitions)
                planned = table or lake.tables.plan(placement.table, keys, prefix)
                table = apply_contract(replace(planned, version_id=""), contract, 0)
        if table is not None:
            check_partitions(table.partition_keys, placement.partitions, read_contract(table.contract))
        return table

    def prepare(self, placement: Placement, source: SourceObjectBytes) -> Prepared:
        """Convert a source and publish its schema.

        Raises:
            TypesMoved: the table changed meanwhile; prepare it again.
            TerminalError: the file can never be converted as it is.
        """
        lake = self._lake
        seen = self.look_up(placement)
        refusals: dict[str, str] = {}
        converted = self._convert(placement, source, seen, refusals)
        try:
            prefix = lake.layout.table_prefix(placement.table)
            table = lake.tables.publish_schema(converted.report.schema, seen, placement, prefix)
            if lake.tables.registers and (seen is None or not seen.version_id):
                lake.contracts.look_again(placement.table, seen.contract if seen else "")
        except BaseException:
            _remove_scratch(converted)
            raise
        made_by = table if lake.tables.registers else seen
        stamp = Stamp.of(source.info, converted.report, lake.converter_version, made_by)
        return Prepared(converted, stamp, table, "; ".join(refusals.values()) or None)

    def _convert(
        self, placement: Placement, source: SourceObjectBytes, table: Table | None, refusals: dict[str, str]
    ) -> Converted:
        lake = self._lake
        keys = [key for key, _ in placement.partitions]

        def may_widen(column: Column, wider: str) -> bool:
            if not lake.tables.registers:
                return False
            refusal = lake.widening.refuse(placement, column, wider)
            if refusal is not None:
                refusals[column.name] = refusal
            return refusal is None

        def agree(inferred: Sequence[Column]) -> Sequence[Column]:
            return agree_columns(inferred, table, keys, may_widen)

        metadata = {
            "csvlake.source_key": placement.source_key,
            "csvlake.source_etag": source.info.etag,
            "csvlake.source_bytes": str(source.info.size),
            "csvlake.converter_version": lake.converter_version,
        }
        converted = lake.convert(source, self._options(table), agree, metadata)
        report = converted.report
        if report.records_read != report.rows_written + report.records_rejected:
            raise TransientError(
                f"{placement.source_key}: {report.records_read} records read, {report.rows_written} rows written and "
                f"{report.records_rejected} rejected do not add up; nothing was published"
            )
        return converted

    def _options(self, table: Table | None) -> ConvertOptions:
        contract = read_contract(table.contract) if table is not None else None
        if contract is None:
            return self._lake.options
        policy = contract.on_misfit or self._lake.options.on_misfit
        if policy == "widen" and not self._lake.tables.registers:
            policy = "rescue"  # a crawler's table is not ours to widen
        return replace(self._lake.options, contract=contract, on_misfit=policy)


def _remove_scratch(converted: Converted) -> None:
    if converted.path is not None:
        converted.path.unlink(missing_ok=True)
