"""Runs of crawlers: a thread each, their states, and the events that tell of them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/events/EventTypes.html#glue-event-types
"""

import json
import logging
import threading
import uuid
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from local.glue.crawl import Counts, Crawl, CrawlStoppedError
from local.glue.definition import Definition

LOG = logging.getLogger(__name__)
LOG_GROUP = "/aws-glue/crawlers"
LAST_STATUS = {"COMPLETED": "SUCCEEDED", "FAILED": "FAILED", "STOPPED": "CANCELLED"}


class Run:
    """One run of a crawler; what moto keeps in a crawler's `crawls`.

    Attributes:
        status: RUNNING, STOPPING, then COMPLETED, STOPPED or FAILED.
    """

    def __init__(self, crawler_name: str) -> None:
        self.crawl_id = self.message_prefix = str(uuid.uuid4())
        self.log_group, self.log_stream = LOG_GROUP, crawler_name
        self.start_time = datetime.now(UTC)
        self.end_time: datetime | None = None
        self.status = "RUNNING"
        self.error = ""
        self.counts = Counts()
        self.ended = threading.Event()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.status in {"RUNNING", "STOPPING"}

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return ((self.end_time or datetime.now(UTC)) - self.start_time).total_seconds()

    def advance(self) -> None:
        """Do nothing: moto's ListCrawls would move its own mock on."""

    def as_dict(self) -> dict[str, Any]:
        """Return what ListCrawls shows."""
        shown: dict[str, Any] = {
            "CrawlId": self.crawl_id,
            "State": "RUNNING" if self.is_running else self.status,
            "StartTime": self.start_time.isoformat(),
            "LogGroup": self.log_group,
            "LogStream": self.log_stream,
            "MessagePrefix": self.message_prefix,
            "DPUHour": round(self.seconds / 3600, 4),
            "Summary": json.dumps({k: v for k, v in asdict(self.counts).items() if k != "warnings"}),
        }
        if self.end_time:
            shown["EndTime"] = self.end_time.isoformat()
        if self.error:
            shown["ErrorMessage"] = self.error
        return shown

    def as_last(self) -> dict[str, Any]:
        """Return what GetCrawler shows as LastCrawl."""
        shown: dict[str, Any] = {
            "Status": LAST_STATUS[self.status],
            "LogGroup": self.log_group,
            "LogStream": self.log_stream,
            "MessagePrefix": self.message_prefix,
            "StartTime": self.start_time.isoformat(),
        }
        return shown | ({"ErrorMessage": self.error} if self.error else {})


def start_run(crawler: Any, account_id: str, region: str) -> Run:
    """Begin a run in a thread of its own and return it."""
    run = Run(crawler.name)
    crawler.crawls.append(run)
    arguments = (run, Definition.parse(crawler), account_id, region)
    threading.Thread(target=_work, args=arguments, name=f"crawler-{crawler.name}", daemon=True).start()
    return run


def _work(run: Run, definition: Definition, account_id: str, region: str) -> None:
    from localemu.aws.connect import connect_to

    clients = connect_to(aws_access_key_id=account_id, region_name=region)
    crawl = Crawl(definition, clients.s3, clients.glue, lambda: run.status == "STOPPING")
    started = {"state": "Started", "message": "Crawler Started", "startTime": _moment(run.start_time)}
    _tell(clients, definition.name, account_id, started)
    status = "COMPLETED"
    try:
        crawl.run()
    except CrawlStoppedError:
        status = "STOPPED"
    except Exception as error:  # noqa: BLE001 - whatever it is, the run has failed, and says why
        status, run.error = "FAILED", str(error)
        LOG.warning("crawler %s failed: %s", definition.name, error)
    run.counts, run.end_time, run.status = crawl.counts, datetime.now(UTC), status
    run.ended.set()
    _tell(clients, definition.name, account_id, _ending(run))


def _ending(run: Run) -> dict[str, str]:
    if run.status == "FAILED":
        return {"state": "Failed", "message": "Internal Service Exception", "errorMessage": run.error}
    if run.status == "STOPPED":
        return {"state": "Stopped", "message": "Crawler Stopped"}
    counts = run.counts
    return {
        "state": "Succeeded",
        "message": "Crawler Succeeded",
        "tablesCreated": str(counts.tables_created),
        "tablesUpdated": str(counts.tables_updated),
        "tablesDeleted": str(counts.tables_deleted),
        "partitionsCreated": str(counts.partitions_created),
        "partitionsUpdated": str(counts.partitions_updated),
        "partitionsDeleted": str(counts.partitions_deleted),
        "runningTime (sec)": str(int(run.seconds)),
        "completionDate": _moment(run.end_time or run.start_time),
        "warningMessage": "; ".join(counts.warnings) or "N/A",
    }


def _tell(clients: Any, crawler_name: str, account_id: str, detail: dict[str, str]) -> None:
    """Put a state change on the default event bus."""
    entry = {
        "Source": "aws.glue",
        "DetailType": "Glue Crawler State Change",
        "Detail": json.dumps({"accountId": account_id, "crawlerName": crawler_name, **detail}),
    }
    try:
        clients.events.put_events(Entries=[entry])
    except Exception:
        LOG.exception("the event %s of crawler %s was lost", detail["state"], crawler_name)


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
