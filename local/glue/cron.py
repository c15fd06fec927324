"""Schedules as Glue writes them: `cron(minute hour day-of-month month day-of-week year)`, in UTC.

https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime

MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
DAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
NAMES: tuple[dict[str, int], ...] = ({}, {}, {}, MONTHS, DAYS, {})


class ScheduleError(ValueError):
    """An expression that is no schedule."""


@dataclass(frozen=True)
class Schedule:
    """A parsed expression."""

    fields: tuple[str, ...]

    @classmethod
    def parse(cls, expression: str) -> "Schedule":
        """Parse `cron(...)`.

        Raises:
            ScheduleError: it is none, and the message says why.
        """
        match = re.fullmatch(r"cron\((.+)\)", expression.strip())
        fields = tuple(match.group(1).upper().split()) if match else ()
        if len(fields) != 6:
            raise ScheduleError(f"{expression!r} is not cron(minute hour day-of-month month day-of-week year)")
        if (fields[2] == "?") == (fields[4] == "?"):
            raise ScheduleError(f"{expression!r}: one of day-of-month and day-of-week must be ?, and not both")
        schedule = cls(fields)
        schedule.matches(datetime(2024, 2, 29, 0, 0))
        for at in (0, 1, 3, 5):
            _numbers(fields[at], at)
        return schedule

    def matches(self, moment: datetime) -> bool:
        """Whether it is due in the minute of `moment` (UTC)."""
        minute, hour, day, month, weekday, year = self.fields
        return (
            moment.minute in _numbers(minute, 0)
            and moment.hour in _numbers(hour, 1)
            and moment.month in _numbers(month, 3)
            and moment.year in _numbers(year, 5)
            and _is_day(day, moment.date())
            and _is_weekday(weekday, moment.date())
        )


def _numbers(field: str, at: int) -> set[int]:
    """Return the numbers of a list of `*`, `n`, `n-m` and any of them `/step`."""
    low, high = BOUNDS[at]
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if span in {"*", "?"}:
            first, last = low, high
        else:
            first, last = (_number(text, at) for text in (span.split("-") * 2)[:2])
            if step and "-" not in span:
                last = high
        if not step.isdigit() and step:
            raise ScheduleError(f"{field!r}: a step must be a number")
        found |= set(range(first, last + 1, int(step or 1)))
    return found


def _number(text: str, at: int) -> int:
    value = NAMES[at].get(text, int(text) if text.isdigit() else -1)
    low, high = BOUNDS[at]
    if not low <= value <= high:
        raise ScheduleError(f"{text!r} is not between {low} and {high}")
    return value


def _is_day(field: str, day: date) -> bool:
    """Judge day-of-month: L is the last day, nW the working day nearest to the nth."""
    last = calendar.monthrange(day.year, day.month)[1]
    if field == "?":
        return True
    if field == "L":
        return day.day == last
    if field.endswith("W"):
        return day == _nearest_weekday(day.replace(day=last if field == "LW" else min(int(field[:-1]), last)))
    return day.day in _numbers(field, 2)


def _nearest_weekday(day: date) -> date:
    last = calendar.monthrange(day.year, day.month)[1]
    shift = {5: -1 if day.day > 1 else 2, 6: 1 if day.day < last else -2}.get(day.weekday(), 0)
    return day.replace(day=day.day + shift)


def _is_weekday(field: str, day: date) -> bool:
    """Judge day-of-week: n#k is the kth one of the month, nL the last one, L alone Saturday."""
    own = day.isoweekday() % 7 + 1
    if field == "?":
        return True
    if "#" in field:
        wanted, nth = field.split("#")
        return own == _number(wanted, 4) and (day.day - 1) // 7 + 1 == int(nth)
    if field == "L":
        return own == DAYS["SAT"]
    if field.endswith("L"):
        return own == _number(field[:-1], 4) and day.day + 7 > calendar.monthrange(day.year, day.month)[1]
    return own in _numbers(field, 4)
