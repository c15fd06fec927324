"""Glue's cron expressions."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from local.glue.cron import Schedule, ScheduleError
from local.glue.scheduler import start_due


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "due", "not_due"),
    [
        ("cron(15 12 * * ? *)", "2026-11-23 12:15", "2026-11-23 12:16"),
        ("cron(*/5 * * * ? *)", "2026-11-23 00:55", "2026-11-23 00:56"),
        ("cron(3/20 * * * ? *)", "2026-11-23 00:43", "2026-11-23 00:40"),
        ("cron(0 8-17 ? * MON-FRI *)", "2026-11-23 08:00", "2026-11-22 08:00"),
        ("cron(0 0 ? * 1 *)", "2026-11-22 00:00", "2026-11-23 00:00"),
        ("cron(0 0 1,15 JAN,NOV ? 2026)", "2026-11-15 00:00", "2027-11-15 00:00"),
        ("cron(0 0 L * ? *)", "2028-02-29 00:00", "2028-02-28 00:00"),
        ("cron(0 0 1W * ? *)", "2026-11-02 00:00", "2026-11-01 00:00"),
        ("cron(0 0 15W * ? *)", "2026-11-16 00:00", "2026-11-15 00:00"),
        ("cron(0 0 LW * ? *)", "2026-10-30 00:00", "2026-10-31 00:00"),
        ("cron(0 0 ? * TUE#2 *)", "2026-11-10 00:00", "2026-11-17 00:00"),
        ("cron(0 0 ? * 6L *)", "2026-11-27 00:00", "2026-11-20 00:00"),
    ],
)
def test_a_schedule_is_due_when_it_says(expression: str, due: str, not_due: str) -> None:
    schedule = Schedule.parse(expression)
    assert schedule.matches(at(due))
    assert not schedule.matches(at(not_due))


@pytest.mark.parametrize(
    "expression",
    [
        "cron(15 12 * * *)",
        "15 12 * * ? *",
        "rate(5 minutes)",
        "cron(60 12 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 0 * * * *)",
        "cron(0 0 ? * ? *)",
        "cron(0 0 32 * ? *)",
        "cron(0 0 ? * XXX *)",
        "cron(a 0 * * ? *)",
        "cron(0/x 0 * * ? *)",
    ],
)
def test_what_is_no_schedule_is_refused(expression: str) -> None:
    with pytest.raises(ScheduleError):
        Schedule.parse(expression)


def crawler(name: str, schedule: str | None, state: str = "SCHEDULED", *, running: bool = False) -> SimpleNamespace:
    runs = [SimpleNamespace(is_running=running)]
    return SimpleNamespace(name=name, schedule=schedule, schedule_state=state, crawls=runs)


def test_only_crawlers_that_are_due_and_idle_are_started() -> None:
    every_noon = "cron(0 12 * * ? *)"
    crawlers = [
        crawler("due", every_noon),
        crawler("later", "cron(1 12 * * ? *)"),
        crawler("paused", every_noon, "NOT_SCHEDULED"),
        crawler("busy", every_noon, running=True),
        crawler("by-hand", None),
    ]
    begun: list[tuple[str, str, str]] = []
    names = start_due(
        [(one, "1", "eu-west-1") for one in crawlers],
        at("2026-11-23 12:00"),
        lambda one, account, region: begun.append((one.name, account, region)),
    )
    assert names == ["due"]
    assert begun == [("due", "1", "eu-west-1")]
