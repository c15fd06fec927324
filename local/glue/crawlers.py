"""The crawlers' operations, over the crawlers that moto keeps.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-crawling.html
"""

import json
import statistics
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.glue.exceptions import CrawlerNotRunningException, CrawlerRunningException
from moto.glue.models import FakeCrawler

from local.glue.definition import DefinitionError, check
from local.glue.paging import page
from local.glue.runs import start_run

FIELDS = {  # what UpdateCrawler changes: parameter → moto's attribute
    "Role": "role",
    "DatabaseName": "database_name",
    "Description": "description",
    "Targets": "targets",
    "Schedule": "schedule",
    "Classifiers": "classifiers",
    "TablePrefix": "table_prefix",
    "SchemaChangePolicy": "schema_change_policy",
    "RecrawlPolicy": "recrawl_policy",
    "LineageConfiguration": "lineage_configuration",
    "Configuration": "configuration",
    "CrawlerSecurityConfiguration": "crawler_security_configuration",
}
ENDED = ("COMPLETED", "FAILED", "STOPPED")


class CrawlerError(JsonRESTError):  # type: ignore[misc] # moto is untyped
    """An error of Glue's, by its name."""

    code = 400


def _checked(parameters: dict[str, Any]) -> None:
    try:
        check(parameters)
    except DefinitionError as error:
        raise CrawlerError("InvalidInputException", str(error)) from error


def _refuse_while_running(crawler: Any) -> None:
    if crawler.crawls and crawler.crawls[-1].is_running:
        raise CrawlerRunningException(f"Crawler with name {crawler.name} has already started")


class CrawlerOperations:
    """Methods that take the place of moto's in its GlueResponse."""

    glue_backend: Any
    parameters: Any

    def create_crawler(self) -> str:
        """Create a crawler; its schedule begins at once."""
        _checked(self.parameters)
        wanted = {attribute: self.parameters.get(name) for name, attribute in FIELDS.items()}
        name = self.parameters["Name"]
        self.glue_backend.create_crawler(name=name, **wanted, tags=self.parameters.get("Tags"))
        self.glue_backend.get_crawler(name).schedule_state = "SCHEDULED"
        return ""

    def update_crawler(self) -> str:
        """Change what is given; an empty schedule takes it away."""
        _checked(self.parameters)
        crawler = self.glue_backend.get_crawler(self.parameters["Name"])
        _refuse_while_running(crawler)
        for name, attribute in FIELDS.items():
            if name in self.parameters:
                setattr(crawler, attribute, self.parameters[name])
        crawler.version += 1
        crawler.last_updated = datetime.now(UTC)
        return ""

    def delete_crawler(self) -> str:
        """Delete a crawler that does not run."""
        _refuse_while_running(self.glue_backend.get_crawler(self.parameters["Name"]))
        self.glue_backend.delete_crawler(self.parameters["Name"])
        return ""

    def get_crawlers(self) -> str:
        """Return a page of crawlers."""
        crawlers, token = page(self.glue_backend.get_crawlers(), self.parameters)
        return json.dumps({"Crawlers": [crawler.as_dict() for crawler in crawlers], **token})

    def start_crawler(self) -> str:
        """Begin a run."""
        crawler = self.glue_backend.get_crawler(self.parameters["Name"])
        _refuse_while_running(crawler)
        start_run(crawler, self.glue_backend.account_id, self.glue_backend.region_name)
        return ""

    def stop_crawler(self) -> str:
        """Tell the run to stop; it does before the next object."""
        crawler = self.glue_backend.get_crawler(self.parameters["Name"])
        run = crawler.crawls[-1] if crawler.crawls else None
        if run is None or not run.is_running:
            raise CrawlerNotRunningException(f"Crawler with name {crawler.name} isn't running")
        if run.status == "STOPPING":
            raise CrawlerError("CrawlerStoppingException", f"Crawler with name {crawler.name} is already stopping")
        run.status = "STOPPING"
        return ""

    def list_crawls(self) -> str:
        """Return a page of the runs, the newest first."""
        from moto.glue.utils import validate_crawl_filters

        filters = validate_crawl_filters(self.parameters.get("Filters", []))
        every = self.glue_backend.list_crawls(self.parameters["CrawlerName"], filters, max_results=10**9)[0]
        runs, token = page(every[::-1], self.parameters, default=20)
        return json.dumps({"Crawls": [run.as_dict() for run in runs], **token})

    def get_crawler_metrics(self) -> str:
        """Return how long runs took and what the last one changed."""
        names = self.parameters.get("CrawlerNameList")
        found = [c for c in self.glue_backend.get_crawlers() if not names or c.name in names]
        crawlers, token = page(found, self.parameters)
        return json.dumps({"CrawlerMetricsList": [_metrics(crawler) for crawler in crawlers], **token})

    def update_crawler_schedule(self) -> str:
        """Change the schedule alone."""
        crawler = self.glue_backend.get_crawler(self.parameters["CrawlerName"])
        _checked(self.parameters)
        crawler.schedule = self.parameters.get("Schedule")
        crawler.version += 1
        return ""

    def start_crawler_schedule(self) -> str:
        """Let the schedule act."""
        return self._set_schedule_state("SCHEDULED", "SchedulerRunningException", "already running")

    def stop_crawler_schedule(self) -> str:
        """Let the schedule rest; runs that are on go on."""
        return self._set_schedule_state("NOT_SCHEDULED", "SchedulerNotRunningException", "not running")

    def _set_schedule_state(self, state: str, error: str, how: str) -> str:
        crawler = self.glue_backend.get_crawler(self.parameters["CrawlerName"])
        if not crawler.schedule:
            raise CrawlerError("NoScheduleException", f"Crawler {crawler.name} has no schedule")
        if crawler.schedule_state == state:
            raise CrawlerError(error, f"The scheduler of {crawler.name} is {how}")
        crawler.schedule_state = state
        return ""


def _metrics(crawler: Any) -> dict[str, Any]:
    ended = [run for run in crawler.crawls if run.status in ENDED]
    last = ended[-1].counts if ended else None
    return {
        "CrawlerName": crawler.name,
        "TimeLeftSeconds": 0.0,
        "StillEstimating": False,
        "LastRuntimeSeconds": ended[-1].seconds if ended else 0.0,
        "MedianRuntimeSeconds": statistics.median(run.seconds for run in ended) if ended else 0.0,
        "TablesCreated": last.tables_created if last else 0,
        "TablesUpdated": last.tables_updated if last else 0,
        "TablesDeleted": last.tables_deleted if last else 0,
    }


def crawler_as_dict(crawler: Any) -> dict[str, Any]:
    """Return a crawler as GetCrawler does: what was given and the state, without what is not set."""
    running = bool(crawler.crawls) and crawler.crawls[-1].is_running
    ended = [run for run in crawler.crawls if not run.is_running]
    shown = {name: getattr(crawler, attribute) for name, attribute in FIELDS.items() if name != "Schedule"}
    shown |= {
        "Name": crawler.name,
        "Classifiers": crawler.classifiers or [],
        "RecrawlPolicy": crawler.recrawl_policy or {"RecrawlBehavior": "CRAWL_EVERYTHING"},
        "SchemaChangePolicy": {
            "UpdateBehavior": "UPDATE_IN_DATABASE",
            "DeleteBehavior": "DEPRECATE_IN_DATABASE",
            **(crawler.schema_change_policy or {}),
        },
        "LineageConfiguration": crawler.lineage_configuration or {"CrawlerLineageSettings": "DISABLE"},
        "State": crawler.crawls[-1].status if running else "READY",
        "CrawlElapsedTime": int(crawler.crawls[-1].seconds * 1000) if running else 0,
        "CreationTime": crawler.creation_time.isoformat(),
        "LastUpdated": crawler.last_updated.isoformat(),
        "Version": crawler.version,
    }
    if crawler.schedule:
        shown["Schedule"] = {"ScheduleExpression": crawler.schedule, "State": crawler.schedule_state}
    if ended:
        shown["LastCrawl"] = ended[-1].as_last()
    return {name: value for name, value in shown.items() if value is not None}


def install() -> None:
    """Show crawlers as this module does."""
    FakeCrawler.as_dict = crawler_as_dict
