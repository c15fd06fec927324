"""A Glue crawler as the lake's `Crawler`."""

from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from csvlake.aws.client_config import make_config
from csvlake.aws.errors import code_of, translated
from csvlake.lake.ports import CrawlerState

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

__all__ = ["GlueCrawler"]

_CONFIG = make_config(6)
_BUSY = frozenset({"CrawlerRunningException", "CrawlerStoppingException"})
_FAILED = frozenset({"FAILED", "CANCELLED"})


class GlueCrawler:
    """The `Crawler` of a name."""

    def __init__(self, session: boto3.Session, name: str) -> None:
        self._client: GlueClient = session.client("glue", config=_CONFIG)
        self._name = name

    def start(self) -> bool:
        """Start a crawl; False where one is under way or about to end."""
        with translated(f"start crawler {self._name}"):
            try:
                self._client.start_crawler(Name=self._name)
            except ClientError as error:
                if code_of(error) in _BUSY:
                    return False
                raise
        return True

    def look(self) -> CrawlerState:
        """Return what the crawler does now; a crawl that failed or was stopped did not come to its end.

        https://docs.aws.amazon.com/glue/latest/webapi/API_LastCrawlInfo.html
        """
        with translated(f"look at crawler {self._name}"):
            crawler = self._client.get_crawler(Name=self._name)["Crawler"]
        last = crawler.get("LastCrawl", {})
        began_at = last["StartTime"].timestamp() if "StartTime" in last else None
        return CrawlerState(crawler.get("State") == "RUNNING", began_at, last.get("Status") in _FAILED)
