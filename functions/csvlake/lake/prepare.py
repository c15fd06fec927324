"""Convert a source by what its table says, and have the table take it, so that nothing but the put is left."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from csvlake.engine.model import Agree, Column, Converted, ConvertOptions, Output, Report
from csvlake.engine.model import Source as EngineSource
from csvlake.errors import TransientError
from csvlake.lake.agree import agree_columns
from csvlake.lake.changes import Changes
from csvlake.lake.contracts import Contracts, apply_contract, has_keys, read_contract
from csvlake.lake.naming import Layout, Placement
from csvlake.lake.partition_values import check_partitions, type_partitions
from csvlake.lake.ports import IN_FOOTER, Clock, ObjectStore, SourceObjectBytes, Table, Upload
from csvlake.lake.registry import PartitionRegistry
from csvlake.lake.stamp import Stamp
from csvlake.lake.tables import Tables
from csvlake.lake.widening_limit import WideningLimit

__all__ = ["Convert", "Lake", "Prepared", "Preparer"]

Convert = Callable[[EngineSource, ConvertOptions, Agree, dict[str, str], Output], Converted]


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
    """A conversion that its table takes, and what its object's metadata will tell.

    Attributes:
        upload: of the scratch file, most of which is sent already.
        reason: what was not done for the file that could be.
    """

    converted: Converted
    upload: Upload
    stamp: Stamp
    table: Table | None
    reason: str | None

    def put(self, store: ObjectStore, key: str, expected: str) -> None:
        """Make the object visible, on a condition.

        Raises:
            PreconditionFailed: it does not hold; it may be tried again on another one.
        """
        if self.converted.table is not None:
            metadata = self.stamp.write()
            store.put_table(key, self.converted.table, self.converted.writer_arguments, metadata, expected)
        elif self.converted.path is not None:
            self.upload.complete(self.converted.path, expected)
        else:
            raise ValueError("the engine gave neither a table nor a file")

    def close(self) -> None:
        """Leave nothing behind but what was put."""
        self.upload.close()
        if self.converted.path is not None:
            self.converted.path.unlink(missing_ok=True)


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
        """Convert a source and publish its schema; a large file is sent meanwhile.

        Raises:
            TypesMoved: the table changed meanwhile; prepare it again.
            TerminalError: the file can never be converted as it is.
        """
        seen = self.look_up(placement)
        refusals: dict[str, str] = {}
        taken: list[tuple[Table | None, Stamp]] = []

        def take(report: Report) -> Mapping[str, str]:
            taken.append(self._publish_schema(placement, source, seen, report))
            return taken[0][1].write()

        upload = self._lake.store.begin_file(placement.target_key, IN_FOOTER)
        try:
            output = Output(upload.grow, upload.drop, take)
            converted = self._convert(placement, source, seen, refusals, output)
            if not taken:
                take(converted.report)
        except BaseException:
            upload.close()
            raise
        table, stamp = taken[0]
        return Prepared(converted, upload, stamp, table, "; ".join(refusals.values()) or None)

    def _publish_schema(
        self, placement: Placement, source: SourceObjectBytes, seen: Table | None, report: Report
    ) -> tuple[Table | None, Stamp]:
        """Have the table take a file whose rows are all known; return the table and what the file will tell."""
        lake = self._lake
        if report.records_read != report.rows_written + report.records_rejected:
            raise TransientError(
                f"{placement.source_key}: {report.records_read} records read, {report.rows_written} rows written and "
                f"{report.records_rejected} rejected do not add up; nothing was published"
            )
        table = lake.tables.publish_schema(report.schema, seen, placement, lake.layout.table_prefix(placement.table))
        if lake.tables.registers and (seen is None or not seen.version_id):
            lake.contracts.look_again(placement.table, seen.contract if seen else "")
        made_by = table if lake.tables.registers else seen
        return table, Stamp.of(source.info, report, lake.converter_version, made_by)

    def _convert(
        self,
        placement: Placement,
        source: SourceObjectBytes,
        table: Table | None,
        refusals: dict[str, str],
        output: Output,
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
        return lake.convert(source, self._options(table), agree, metadata, output)

    def _options(self, table: Table | None) -> ConvertOptions:
        contract = read_contract(table.contract) if table is not None else None
        if contract is None:
            return self._lake.options
        policy = contract.on_misfit or self._lake.options.on_misfit
        if policy == "widen" and not self._lake.tables.registers:
            policy = "rescue"  # a crawler's table is not ours to widen
        return replace(self._lake.options, contract=contract, on_misfit=policy)
