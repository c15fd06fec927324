"""A bucket and a database of the judge's own on the local AWS: tables and files as a scenario wants them."""

import io
from typing import Any

import boto3
import pyarrow.parquet as pq

from local.server import ACCESS_KEY, REGION, SECRET_KEY, Server
from tests.judge.scenario import Scenario

FORMATS = "org.apache.hadoop.hive.ql.io.parquet."
BUCKET, DATABASE = "judge", "judge"


class JudgeLake:
    """Makes what the scenarios ask about."""

    def __init__(self, server: Server) -> None:
        session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)
        self._s3: Any = session.client("s3", endpoint_url=server.endpoint_url)
        self._glue: Any = session.client("glue", endpoint_url=server.endpoint_url)
        self.remove()
        self._s3.create_bucket(Bucket=BUCKET)
        self._glue.create_database(DatabaseInput={"Name": DATABASE})

    def remove(self) -> None:
        """Remove all of it, as an earlier run may have left it."""
        if any(one["Name"] == BUCKET for one in self._s3.list_buckets()["Buckets"]):
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
                for item in page.get("Contents", []):
                    self._s3.delete_object(Bucket=BUCKET, Key=item["Key"])
            self._s3.delete_bucket(Bucket=BUCKET)
        if any(one["Name"] == DATABASE for one in self._glue.get_databases()["DatabaseList"]):
            self._glue.delete_database(Name=DATABASE)

    def make(self, scenario: Scenario) -> None:
        """Make a scenario's files, table and partitions."""
        location = f"s3://{BUCKET}/{scenario.table}/"
        self._glue.create_table(
            DatabaseName=DATABASE,
            TableInput={
                "Name": scenario.table,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE"},
                "PartitionKeys": _columns(scenario.keys),
                "StorageDescriptor": _descriptor(scenario.columns, location),
            },
        )
        partitions: dict[tuple[str, ...], str] = {}
        for index, file in enumerate(scenario.files):
            folder = "".join(f"{key}={value}/" for key, value in zip(scenario.keys, file.partition, strict=True))
            sink = io.BytesIO()
            pq.write_table(file.rows, sink, **{"compression": "zstd", **file.options})
            key = f"{scenario.table}/{folder}{index}.parquet"
            self._s3.put_object(Bucket=BUCKET, Key=key, Body=sink.getvalue())
            partitions[file.partition] = location + folder
        for values, folder in partitions.items() if scenario.keys else ():
            columns = scenario.partition_columns.get(values, scenario.columns)
            self._glue.create_partition(
                DatabaseName=DATABASE,
                TableName=scenario.table,
                PartitionInput={"Values": list(values), "StorageDescriptor": _descriptor(columns, folder)},
            )


def _descriptor(columns: dict[str, str], location: str) -> dict[str, Any]:
    return {
        "Columns": _columns(columns),
        "Location": location,
        "InputFormat": f"{FORMATS}MapredParquetInputFormat",
        "OutputFormat": f"{FORMATS}MapredParquetOutputFormat",
        "SerdeInfo": {"SerializationLibrary": f"{FORMATS}serde.ParquetHiveSerDe", "Parameters": {}},
    }


def _columns(columns: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Type": kind} for name, kind in columns.items()]
