"""Find what is in the bucket and not in the tables, and feed the converter with it, at a rate that leaves room.

A message only says "look at this key", so that feeding one twice, or after an event has done the work, does no harm.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from csvlake.events import look_at_key
from csvlake.lake.operator import LatestOutcome, Stack
from csvlake.lake.ports import ObjectInfo
from csvlake.lake.standing import join_ledger
from csvlake.lake.survey import Surveyed, TargetState, list_prefix, survey

__all__ = ["Fed", "Finding", "Look", "feed", "find_work"]

_BATCH = 10  # messages a request
_HELD_S = 10  # no more messages wait in the queue than are sent in this time
_LOOK_S = 5.0  # between looks at the queue


class Finding(StrEnum):
    """Why a key is to be looked at, or is not."""

    SETTLED = "settled"
    REFUSED = "refused by this version"
    NEW = "never converted"
    CHANGED = "uploaded again since"
    OLDER = "converted by another version"
    FOREIGN = "its Parquet object does not tell how it was made"
    GONE = "its CSV is gone, its rows are not"

    @property
    def is_work(self) -> bool:
        """Whether looking at the key would change anything."""
        return self not in (Finding.SETTLED, Finding.REFUSED)


_FINDINGS = {
    TargetState.SETTLED: Finding.SETTLED,
    TargetState.ABSENT: Finding.NEW,
    TargetState.UNPLACEABLE: Finding.NEW,
    TargetState.OLDER_SOURCE: Finding.CHANGED,
    TargetState.OLDER_VERSION: Finding.OLDER,
    TargetState.FOREIGN: Finding.FOREIGN,
}


@dataclass(frozen=True)
class Look:
    """A key, and what was found."""

    key: str
    finding: Finding


@dataclass
class Fed:
    """How far feeding is.

    Attributes:
        after: every key up to this one is dealt with; begin again behind it.
        is_held: the queue is full enough; waiting for the converter.
    """

    looked: int = 0
    sent: int = 0
    after: str = ""
    is_held: bool = False


def find_work(stack: Stack, converter_version: str, prefix: str = "", after: str = "") -> Iterator[Look]:
    """Yield every key below a prefix with what was found, in the order of the keys.

    Args:
        converter_version: what another one converted is to be converted again.
        prefix: what follows ``csv-files/`` in the keys.
        after: a whole key; begin behind it.
    """
    store, layout = stack.store, stack.layout
    told = stack.ledger.outcomes(layout.source_prefix + prefix)
    told_after = (outcome for outcome in told if outcome.source_key.encode() > after.encode())
    waiting: deque[tuple[ObjectInfo | None, LatestOutcome | None]] = deque()

    def sources() -> Iterator[ObjectInfo]:
        for source, outcome in join_ledger(list_prefix(store, layout, prefix, after), told_after, layout):
            if source is not None or (outcome is not None and outcome.has_rows):
                waiting.append((source, outcome))
            if source is not None:
                yield source

    for found in survey(store, layout, sources(), converter_version):
        yield from _gone(waiting)
        yield Look(found.source.key, _judge(found, waiting.popleft()[1], converter_version))
    yield from _gone(waiting)


def _gone(waiting: deque[tuple[ObjectInfo | None, LatestOutcome | None]]) -> Iterator[Look]:
    """Take out the keys without a source that stand before the next one with a source."""
    while waiting and waiting[0][0] is None:
        _, outcome = waiting.popleft()
        if outcome is not None:
            yield Look(outcome.source_key, Finding.GONE)


def _judge(found: Surveyed, told: LatestOutcome | None, version: str) -> Finding:
    if (
        found.state in (TargetState.ABSENT, TargetState.UNPLACEABLE)
        and told is not None
        and (told.outcome, told.converter_version) == ("refused", version)
        and told.source_etag in (found.source.etag, None)
    ):
        return Finding.REFUSED
    return _FINDINGS[found.state]


def feed(stack: Stack, looks: Iterable[Look], rate: float, *, everything: bool = False) -> Iterator[Fed]:
    """Send a message for each key that needs it.

    Args:
        rate: messages a second, at most. The queue is not filled further than ten seconds' worth of them, so that a new
            upload never waits behind a whole backfill.
        everything: send settled and refused keys as well.

    Yields:
        How far it is, after each key and while it is held; the same object each time.

    Raises:
        TransientError: a message was not sent; ``after`` of what was yielded last says where to go on.
    """
    fed, batch = Fed(), list[str]()
    pace = _Pace(stack, rate)
    for look in looks:
        fed.looked += 1
        if look.finding.is_work or everything:
            batch.append(look.key)
        elif not batch:
            fed.after = look.key
        if len(batch) == _BATCH:
            yield from _send(stack, batch, pace, fed)
        yield fed
    yield from _send(stack, batch, pace, fed)
    yield fed


def _send(stack: Stack, batch: list[str], pace: "_Pace", fed: Fed) -> Iterator[Fed]:
    if not batch:
        return
    for _ in pace.wait(len(batch)):
        fed.is_held = True
        yield fed
    fed.is_held = False
    stack.queue.send_many([look_at_key(stack.bucket, key) for key in batch], 0)
    fed.sent += len(batch)
    fed.after = batch[-1]
    batch.clear()


class _Pace:
    """When the next messages may be sent."""

    def __init__(self, stack: Stack, rate: float) -> None:
        self._stack = stack
        self._rate = rate
        self._free_at = self._look_at = stack.clock.monotonic()

    def wait(self, count: int) -> Iterator[None]:
        """Wait for the turn of so many messages, yielding now and then while the queue is full."""
        clock, pause = self._stack.clock, self._stack.pause
        if clock.monotonic() >= self._look_at:
            while self._stack.queue.depth().waiting > self._rate * _HELD_S:
                yield
                pause(_LOOK_S)
            self._look_at = clock.monotonic() + _LOOK_S
        now = clock.monotonic()
        if self._free_at > now:
            pause(self._free_at - now)
        self._free_at = max(self._free_at, now) + count / self._rate
