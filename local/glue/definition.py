"""What a crawler is told to do, read from its definition once."""

import json
from dataclasses import dataclass
from typing import Any

from local.glue.cron import Schedule, ScheduleError
from local.glue.exclusions import PatternError, compile_pattern

POLICY = {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DEPRECATE_IN_DATABASE"}  # Glue's defaults


class DefinitionError(ValueError):
    """A definition that Glue would refuse."""


@dataclass(frozen=True)
class Target:
    """One S3 path to crawl."""

    bucket: str
    prefix: str
    exclusions: list[str]

    @classmethod
    def parse(cls, target: dict[str, Any]) -> "Target":
        """Read one of S3Targets."""
        bucket, _, prefix = target["Path"].removeprefix("s3://").partition("/")
        prefix = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
        return cls(bucket, prefix, target.get("Exclusions") or [])


@dataclass(frozen=True)
class Definition:
    """A crawler's definition.

    Attributes:
        level: TableLevelConfiguration, or None.
        merges: whether tables keep their columns and only gain new ones.
        inherits: whether partitions take their table's columns.
        updates: whether tables that changed are updated.
        deletes: DELETE_FROM_DATABASE, DEPRECATE_IN_DATABASE or LOG.
        only_new: whether folders that were crawled before are passed over.
    """

    name: str
    database: str
    targets: list[Target]
    prefix: str
    level: int | None
    merges: bool
    inherits: bool
    updates: bool
    deletes: str
    only_new: bool

    @classmethod
    def parse(cls, crawler: Any) -> "Definition":
        """Read moto's crawler."""
        configuration = json.loads(crawler.configuration or "{}")
        output = configuration.get("CrawlerOutput", {})
        policy = POLICY | (crawler.schema_change_policy or {})
        recrawl = (crawler.recrawl_policy or {}).get("RecrawlBehavior", "CRAWL_EVERYTHING")
        return cls(
            name=crawler.name,
            database=crawler.database_name,
            targets=[Target.parse(target) for target in (crawler.targets or {}).get("S3Targets") or []],
            prefix=crawler.table_prefix or "",
            level=configuration.get("Grouping", {}).get("TableLevelConfiguration"),
            merges=output.get("Tables", {}).get("AddOrUpdateBehavior") == "MergeNewColumns",
            inherits=output.get("Partitions", {}).get("AddOrUpdateBehavior") == "InheritFromTable",
            updates=policy["UpdateBehavior"] == "UPDATE_IN_DATABASE",
            deletes=policy["DeleteBehavior"],
            only_new=recrawl == "CRAWL_NEW_FOLDERS_ONLY",
        )


def check(parameters: dict[str, Any]) -> None:
    """Refuse what Glue refuses when a crawler is created or updated.

    Raises:
        DefinitionError: the message says what is wrong.
    """
    if parameters.get("Schedule"):
        try:
            Schedule.parse(parameters["Schedule"])
        except (ScheduleError, ValueError) as error:
            raise DefinitionError(f"Invalid schedule cron expression: {error}") from error
    if parameters.get("Configuration"):
        try:
            level = json.loads(parameters["Configuration"]).get("Grouping", {}).get("TableLevelConfiguration")
        except ValueError as error:
            raise DefinitionError(f"Invalid configuration: {error}") from error
        if level is not None and (not isinstance(level, int) or level < 1):
            raise DefinitionError("Invalid configuration: TableLevelConfiguration must be a whole number from 1")
    targets = parameters.get("Targets")
    if targets is not None:
        if set(targets) - {"S3Targets"}:
            raise DefinitionError(f"The local AWS crawls S3 alone, not {sorted(set(targets) - {'S3Targets'})}")
        try:
            for target in targets.get("S3Targets") or []:
                for pattern in target.get("Exclusions") or []:
                    compile_pattern(pattern)
        except PatternError as error:
            raise DefinitionError(f"Invalid exclusion: {error}") from error
    if (parameters.get("RecrawlPolicy") or {}).get("RecrawlBehavior") == "CRAWL_EVENT_MODE":
        raise DefinitionError("The local AWS does not crawl by events")
