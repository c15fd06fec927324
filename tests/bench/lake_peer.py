"""The common Lambda, as most tutorials have it: pandas.read_csv, awswrangler's to_parquet, the Glue table in passing.

Deployed by `tests.bench.lake` beside csvlake's converter, with the same runtime, layer, memory, batch size and
number of functions at a time.
"""

import json
from typing import Any

import awswrangler as wr
import boto3
import pandas as pd

boto3.setup_default_session()
s3 = boto3.client("s3")


def handler(event: dict[str, Any], _context: object) -> None:
    """Convert every object that the messages of a batch name."""
    for record in event["Records"]:
        detail = json.loads(record["body"])["detail"]
        bucket, key = detail["bucket"]["name"], detail["object"]["key"]
        prefix, table, _ = key.split("/", 2)
        frame = pd.read_csv(s3.get_object(Bucket=bucket, Key=key)["Body"])
        wr.s3.to_parquet(
            frame,
            path=f"s3://{bucket}/{prefix}-parquet/{table}/",
            dataset=True,
            mode="append",
            database=prefix,
            table=table,
        )
