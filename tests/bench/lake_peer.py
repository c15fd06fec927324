"""The common Lambda, as most tutorials have it: pandas.read_csv, awswrangler's to_parquet, the Glue catalog in passing.

Deployed by `tests.bench.lake` beside csvlake's converter, with the same runtime, layer, memory, batch size and
number of functions at a time.

PEER_PARTITION names a column for the day of loading, by which most tables of this kind are partitioned. awswrangler
3.17 then updates the catalog with every file: BatchCreatePartition, whether or not the partition is there. Without
partitions it only reads the table with every file, and writes to the catalog when columns change.
"""

import datetime
import json
import os
from typing import Any

import awswrangler as wr
import boto3
import pandas as pd

boto3.setup_default_session()
s3 = boto3.client("s3")
partition = os.environ.get("PEER_PARTITION")


def handler(event: dict[str, Any], _context: object) -> None:
    """Convert every object that the messages of a batch name."""
    for record in event["Records"]:
        detail = json.loads(record["body"])["detail"]
        bucket, key = detail["bucket"]["name"], detail["object"]["key"]
        prefix, table, _ = key.split("/", 2)
        frame = pd.read_csv(s3.get_object(Bucket=bucket, Key=key)["Body"])
        if partition:
            frame[partition] = datetime.datetime.now(datetime.UTC).date().isoformat()
        wr.s3.to_parquet(
            frame,
            path=f"s3://{bucket}/{prefix}-parquet/{table}/",
            dataset=True,
            mode="append",
            partition_cols=[partition] if partition else None,
            database=prefix,
            table=table,
        )
