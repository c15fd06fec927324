"""Start crawlers when their schedules say so."""

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from local.glue.cron import Schedule
from local.glue.runs import start_run

LOG = logging.getLogger(__name__)
Owned = tuple[Any, str, str]  # moto's crawler, account, region


def start_due(crawlers: Iterable[Owned], moment: datetime, start: Callable[..., Any] = start_run) -> list[str]:
    """Start every crawler that is due in this minute (UTC) and does not run; return their names."""
    started = []
    for crawler, account_id, region in crawlers:
        runs = bool(crawler.crawls) and crawler.crawls[-1].is_running
        if not crawler.schedule or crawler.schedule_state != "SCHEDULED" or runs:
            continue
        if Schedule.parse(crawler.schedule).matches(moment):
            start(crawler, account_id, region)
            started.append(crawler.name)
    return started


def _every_crawler() -> list[Owned]:
    from moto.glue.models import glue_backends

    return [
        (crawler, account_id, region)
        for account_id, backends in list(glue_backends.items())
        for region, backend in list(backends.items())
        for crawler in list(backend.crawlers.values())
    ]


def run_scheduler(stopped: threading.Event) -> None:
    """Look once a minute, at its beginning, until `stopped` is set."""
    moment = datetime.now(UTC).replace(second=0, microsecond=0)
    while True:
        moment += timedelta(minutes=1)
        if stopped.wait(max(0.0, (moment - datetime.now(UTC)).total_seconds())):
            return
        for name in start_due(_every_crawler(), moment):
            LOG.info("the schedule of crawler %s started it", name)
