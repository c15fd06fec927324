"""The adapters: S3, Glue and SQS through an injected boto3 session, Parquet through awswrangler."""

from csvlake.aws.clock import SystemClock
from csvlake.aws.glue import GlueCatalog
from csvlake.aws.glue_crawler import GlueCrawler
from csvlake.aws.s3 import S3ObjectStore, open_s3_source
from csvlake.aws.sns import SnsOwner
from csvlake.aws.sqs import SqsQueue

__all__ = ["GlueCatalog", "GlueCrawler", "S3ObjectStore", "SnsOwner", "SqsQueue", "SystemClock", "open_s3_source"]
