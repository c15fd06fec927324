"""Tables and partitions: what moto's Glue answers otherwise than Glue.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-tables.html
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-partitions.html
"""

import copy
import json
import zlib
from decimal import Decimal, InvalidOperation
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.glue import models, utils
from moto.glue.exceptions import PartitionAlreadyExistsException

from local.glue.paging import page

STORAGE_DEFAULTS = {"Compressed": False, "NumberOfBuckets": 0, "StoredAsSubDirectories": False}


class CatalogError(JsonRESTError):  # type: ignore[misc] # moto is untyped
    """An error of Glue's, by its name."""

    code = 400


class CatalogOperations:
    """Methods that take the place of moto's in its GlueResponse."""

    glue_backend: Any
    parameters: Any

    def get_databases(self) -> str:
        """Return a page of databases."""
        databases, token = page(self.glue_backend.get_databases(), self.parameters)
        return json.dumps({"DatabaseList": [database.as_dict() for database in databases], **token})

    def get_tables(self) -> str:
        """Return a page of tables."""
        found = self.glue_backend.get_tables(self.parameters["DatabaseName"], self.parameters.get("Expression"))
        tables, token = page(found, self.parameters)
        return json.dumps({"TableList": [table.as_dict() for table in tables], **token})

    def get_table_versions(self) -> str:
        """Return a page of a table's versions, the newest first."""
        table = self.glue_backend.get_table(self.parameters["DatabaseName"], self.parameters["TableName"])
        versions, token = page(sorted(table.versions, key=int, reverse=True), self.parameters)
        shown = [{"Table": table.as_dict(version), "VersionId": version} for version in versions]
        return json.dumps({"TableVersions": shown, **token})

    def update_table(self) -> str:
        """Put a new version in place of the current one, if that is still the one that the caller read."""
        given = self.parameters
        table = self.glue_backend.get_table(given["DatabaseName"], given["TableInput"]["Name"])
        current = str(table._current_version)
        if given.get("VersionId") is not None and given["VersionId"] != current:
            raise CatalogError(
                "ConcurrentModificationException",
                f"Update table failed due to concurrent modifications: version {given['VersionId']} is not {current}",
            )
        table.update(given["TableInput"])
        if given.get("SkipArchive"):
            table.versions.pop(current)
        return ""

    def get_partitions(self) -> str:
        """Return a page of partitions, of one segment where the caller reads in segments."""
        given = self.parameters
        expression = given.get("Expression") or None
        found = self.glue_backend.get_partitions(given["DatabaseName"], given["TableName"], expression)
        if segment := given.get("Segment"):
            count, number = segment["TotalSegments"], segment["SegmentNumber"]
            found = [p for p in found if zlib.crc32(repr(p.values).encode()) % count == number]
        partitions, token = page(found, given)
        shown = [partition.as_dict() for partition in partitions]
        if given.get("ExcludeColumnSchema"):
            for partition in shown:
                partition["StorageDescriptor"].pop("Columns", None)
        return json.dumps({"Partitions": shown, **token})

    def batch_get_partition(self) -> str:
        """Return those partitions that exist; none is left unprocessed."""
        given = self.parameters
        found = self.glue_backend.batch_get_partition(
            given["DatabaseName"], given["TableName"], given["PartitionsToGet"]
        )
        return json.dumps({"Partitions": found, "UnprocessedKeys": []})

    def create_partition(self) -> str:
        """Create one partition."""
        given = self.parameters
        table = self.glue_backend.get_table(given["DatabaseName"], given["TableName"])
        _check_values(table, given["PartitionInput"])
        table.create_partition(given["PartitionInput"])
        return ""

    def batch_create_partition(self) -> str:
        """Create partitions; each that cannot be created is an error of its own."""
        given = self.parameters
        table = self.glue_backend.get_table(given["DatabaseName"], given["TableName"])
        errors = []
        for partition in given["PartitionInputList"]:
            try:
                _check_values(table, partition)
                table.create_partition(partition)
            except (PartitionAlreadyExistsException, CatalogError) as error:
                detail = {"ErrorCode": error.error_type, "ErrorMessage": error.message}
                errors.append({"PartitionValues": partition["Values"], "ErrorDetail": detail})
        return json.dumps({"Errors": errors} if errors else {})

    def update_job(self) -> str:
        """Put a new definition in place of a job's."""
        job, update = self.glue_backend.get_job(self.parameters["JobName"]), self.parameters["JobUpdate"]
        names = {name: _snake(name) for name in JOB_FIELDS}
        for name, attribute in names.items():
            empty: dict[str, Any] | None = {} if name in {"DefaultArguments", "ExecutionProperty"} else None
            setattr(job, attribute, update.get(name, empty))
        job.execution_class = job.execution_class or "STANDARD"
        return json.dumps({"JobName": job.name})


JOB_FIELDS = (
    *("AllocatedCapacity", "CodeGenConfigurationNodes", "Command", "Connections", "DefaultArguments", "Description"),
    *("ExecutionClass", "ExecutionProperty", "GlueVersion", "LogUri", "MaxCapacity", "MaxRetries", "Role", "Timeout"),
    *("NonOverridableArguments", "NotificationProperty", "NumberOfWorkers", "SecurityConfiguration", "WorkerType"),
    "SourceControlDetails",
)


def _snake(name: str) -> str:
    return "".join("_" + char.lower() if char.isupper() else char for char in name).lstrip("_")


def _check_values(table: Any, partition: dict[str, Any]) -> None:
    keys = list(table.versions.values())[-1].get("PartitionKeys") or []
    if len(keys) != len(partition.get("Values", [])):
        message = "The number of partition keys do not match the number of partition values"
        raise CatalogError("InvalidInputException", message)


def _cast(kind: str, value: Any) -> Any:
    """Read a partition's value as its column's type; moto knows no decimal(p,s), varchar(n) or double."""
    plain = kind.partition("(")[0].strip().lower()
    if plain in {"decimal", "double", "float"}:
        try:
            return Decimal(str(value))
        except InvalidOperation as error:
            raise ValueError(f"{value} is not a {plain}.") from error
    return MOTO_CAST(plain, value)


MOTO_CAST = utils._cast


def _with_storage(shown: dict[str, Any]) -> dict[str, Any]:
    """Return what is shown with the members that Glue always gives, and none that moto still holds."""
    if shown.get("StorageDescriptor") is not None:
        shown["StorageDescriptor"] = {**STORAGE_DEFAULTS, **copy.deepcopy(shown["StorageDescriptor"])}
    return shown


def install() -> None:
    """Show tables and partitions as Glue does, and compare partition values by their columns' types."""
    table, partition = models.FakeTable.as_dict, models.FakePartition.as_dict

    def table_as_dict(self: Any, version: str | None = None) -> dict[str, Any]:
        shown = _with_storage(table(self, version))
        return {"UpdateTime": shown["CreateTime"], "Retention": 0, "IsRegisteredWithLakeFormation": False, **shown}

    models.FakeTable.as_dict = table_as_dict
    models.FakePartition.as_dict = lambda self: _with_storage(partition(self))
    utils._cast = _cast
