"""The converter's Lambda function: messages in, Parquet and tables out.

The work is in `csvlake.lake`; here it is put together. Imports and clients are made once a container, and before its
first message: while it starts, Lambda gives a full processor whatever the function's size.
"""

import shutil
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from csvlake import __version__, engine
from csvlake.aws import GlueCatalog, GlueCrawler, S3ObjectStore, SnsOwner, SqsQueue, SystemClock
from csvlake.engine.model import ConvertOptions
from csvlake.events import parse_messages
from csvlake.lake.batch import Batch
from csvlake.lake.changes import Changes
from csvlake.lake.contracts import Contracts
from csvlake.lake.converge import Converger
from csvlake.lake.crawl import Crawls
from csvlake.lake.ledger import Ledger
from csvlake.lake.naming import Layout
from csvlake.lake.prepare import Lake
from csvlake.lake.registry import PartitionRegistry
from csvlake.lake.tables import Tables
from csvlake.lake.widening_limit import WideningLimit
from csvlake.settings import Settings

__all__ = ["handler"]

_THREADS = 4  # a small file is mostly waiting: three requests to S3

logger = Logger(service="csvlake")
metrics = Metrics(namespace="csvlake", service="csvlake")


class _Container:
    """What lives as long as the container does."""

    def __init__(self, settings: Settings, session: boto3.Session) -> None:
        self.settings = settings
        self.clock = SystemClock()
        # A run that was killed leaves its scratch file behind, and /tmp outlives it.
        scratch_dir = Path(tempfile.gettempdir()) / "csvlake-convert"
        shutil.rmtree(scratch_dir, ignore_errors=True)
        scratch_dir.mkdir(exist_ok=True)
        self.queue = SqsQueue(session, settings.queue_url)
        store = S3ObjectStore(session, settings.bucket)
        catalog = GlueCatalog(session, settings.database)
        layout = Layout(settings.source_prefix, settings.target_prefix)
        owner = SnsOwner(session, settings.owner_topic_arn)
        is_direct = settings.catalog_mode == "direct"
        changes = Changes(catalog, store, self.queue, self.clock, layout, settings.bucket, settings.type_change_grace_s)
        contracts = Contracts(
            catalog, store, self.queue, self.clock, changes, owner, layout, settings.bucket, registers=is_direct
        )
        self.ledger = Ledger(store, settings.meta_prefix)
        crawler = GlueCrawler(session, settings.crawler_name)
        crawls = Crawls(crawler, store, self.queue, self.clock, owner, settings.meta_prefix)
        self.crawls = None if is_direct else crawls
        self.converger = Converger(
            Lake(
                store=store,
                tables=Tables(catalog, self.clock, changes, f"s3://{settings.bucket}/", registers=is_direct),
                changes=changes,
                contracts=contracts,
                widening=WideningLimit(store, layout, self.clock, owner, settings.auto_migrate_bytes),
                partitions=PartitionRegistry(
                    catalog, store, self.clock, self.queue, settings.bucket, registers=is_direct
                ),
                layout=layout,
                clock=self.clock,
                convert=engine.convert,
                options=ConvertOptions(memory_bytes=settings.memory_bytes, scratch_dir=scratch_dir),
                converter_version=__version__,
            )
        )


@lru_cache(maxsize=1)
def _container() -> _Container:
    # awswrangler makes a session of its own at every call where there is no default one.
    boto3.setup_default_session()
    return _Container(Settings.from_environment(), boto3._get_default_session())


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Converge every key that the event names.

    Args:
        event: a batch of SQS messages, or an event of S3, EventBridge or SNS directly.

    Returns:
        The partial batch response: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html

    Raises:
        TransientError: the whole batch must come again, or the one event of a direct invocation.
    """
    container = _container()
    batch = Batch(
        converger=container.converger,
        ledger=container.ledger,
        clock=container.clock,
        queue=container.queue,
        bucket=container.settings.bucket,
        crawls=container.crawls,
        threads=_THREADS,
        time_left_s=lambda: context.get_remaining_time_in_millis() / 1000,
        on_trouble=lambda key, _: logger.exception("conversion failed", extra={"source_key": key}),
    )
    failures = batch.run(parse_messages(event), context.aws_request_id)
    _tell(batch)
    metrics.add_metric("MessagesFailed", MetricUnit.Count, len(failures))
    for failure in failures:
        logger.warning("message failed", extra={"message_id": failure.message_id, "reason": str(failure.error)})
        if failure.message_id is None:
            raise failure.error
    return {"batchItemFailures": [{"itemIdentifier": failure.message_id} for failure in failures]}


def _tell(batch: Batch) -> None:
    for outcome in batch.outcomes:
        told = {name: value for name, value in vars(outcome).items() if value is not None and name != "rejects"}
        logger.info("file %s", outcome.outcome, extra=told)
        metrics.add_metric(f"Files{outcome.outcome.capitalize()}", MetricUnit.Count, 1)
        if outcome.outcome == "converted":
            metrics.add_metric("RowsWritten", MetricUnit.Count, outcome.rows_written or 0)
            metrics.add_metric("RecordsRejected", MetricUnit.Count, outcome.records_rejected or 0)
    for key in batch.ignored:
        logger.info("key ignored: not data", extra={"source_key": key})


if Settings.are_given():
    _container()
