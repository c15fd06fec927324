"""Tell the default event bus of changes in the catalog.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/events/EventTypes.html#glue-event-types
"""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

LOG = logging.getLogger(__name__)
DATABASE_CHANGES = ("CreateTable", "DeleteTable", "BatchDeleteTable")
TABLE_CHANGES = (
    *("UpdateTable", "CreatePartition", "BatchCreatePartition", "UpdatePartition", "BatchUpdatePartition"),
    *("DeletePartition", "BatchDeletePartition"),
)
_sender = ThreadPoolExecutor(1, thread_name_prefix="glue-changes")  # one, so that changes are told in their order


def describe_change(operation: str, given: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return detail type and detail of the event that an operation causes, or None."""
    common = {"databaseName": given.get("DatabaseName"), "typeOfChange": operation}
    table = given.get("TableName") or given.get("TableInput", {}).get("Name") or given.get("Name")
    if operation in DATABASE_CHANGES:
        tables = given.get("TablesToDelete") or [table]
        return "Glue Data Catalog Database State Change", {**common, "changedTables": tables}
    if operation in TABLE_CHANGES:
        changed = [f"[{', '.join(values)}]" for values in _partitions(given)]
        return "Glue Data Catalog Table State Change", {**common, "tableName": table, "changedPartitions": changed}
    return None


def _partitions(given: dict[str, Any]) -> list[list[str]]:
    single = given.get("PartitionValues") or given.get("PartitionInput", {}).get("Values")
    if single:
        return [single]
    many = given.get("PartitionInputList") or given.get("PartitionsToDelete") or []
    return [one["Values"] for one in many] or [one["PartitionValueList"] for one in given.get("Entries", [])]


def tell(operation: str, given: dict[str, Any], account_id: str, region: str) -> None:
    """Put the event of a successful operation on the bus, after the operation has been answered."""
    change = describe_change(operation, given)
    if change:
        _sender.submit(_put, *change, account_id, region)


def _put(detail_type: str, detail: dict[str, Any], account_id: str, region: str) -> None:
    from localemu.aws.connect import connect_to

    arn = f"arn:aws:glue:{region}:{account_id}:table/{detail['databaseName']}/{detail.get('tableName', '')}".rstrip("/")
    entry = {"Source": "aws.glue", "DetailType": detail_type, "Detail": json.dumps(detail), "Resources": [arn]}
    try:
        connect_to(aws_access_key_id=account_id, region_name=region).events.put_events(Entries=[entry])
    except Exception:
        LOG.exception("an event of the catalog was lost: %s", entry)
