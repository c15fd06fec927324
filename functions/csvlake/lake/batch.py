"""Work through the keys that a batch of messages names: each key once, each message on its own.

A message is done when every key that it names came to rest. One that is not understood, or whose key is in trouble,
fails alone. Nothing is acknowledged before the ledger has it.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace

from csvlake.errors import TransientError
from csvlake.events import CrawlerRequest, Message, SourceObject, TableRequest, look_at_key
from csvlake.lake.converge import Converger, NoTimeError
from csvlake.lake.crawl import Crawls
from csvlake.lake.ledger import Entry, Ledger, Outcome
from csvlake.lake.ports import Clock, Queue

__all__ = ["Batch", "Failure"]

_FIRST_DELAY_S = 30  # before a message that failed comes again
_DELAY_GROWTH = 4
_MAX_DELAY_S = 1800
_RESERVE_S = 15.0  # kept back for the ledger, and for a file that takes longer than those before it


@dataclass(frozen=True)
class Failure:
    """A message to deliver again, and why."""

    message_id: str | None
    error: Exception


@dataclass
class Batch:
    """Converge what messages name.

    Attributes:
        queue: where the messages came from.
        bucket: keys in other buckets are not ours to look at.
        crawls: None where the converter registers the tables itself.
        threads: how many keys are looked at in one go.
        time_left_s: seconds until this process is ended. A key is begun only when as many are left as the longest
            before it took, and some more; the others go back to the queue as new messages, so that waiting for their
            turn never counts as a failure.
        on_trouble: told of each key that failed, while its exception is at hand.
        ignored: keys that are not data, after `run`.
        outcomes: what became of each key, after `run`.
    """

    converger: Converger
    ledger: Ledger
    clock: Clock
    queue: Queue
    bucket: str
    crawls: Crawls | None = None
    threads: int = 1
    time_left_s: Callable[[], float] = lambda: math.inf
    on_trouble: Callable[[str, Exception], None] = lambda _key, _error: None
    ignored: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    _longest_s: float = 0.0
    _began_at: float | None = None  # the last one; the first is always tried

    def run(self, messages: Sequence[Message], request_id: str) -> list[Failure]:
        """Work through a batch.

        Returns:
            The messages that failed; all others may be acknowledged.

        Raises:
            TransientError: the ledger or the request for a crawl could not be kept: no message may be acknowledged.
        """
        entry = self.ledger.begin(request_id, self.clock.now())
        ended = self._converge_all([source for message in messages for source in message.objects], entry)
        self.outcomes = list({told.source_key: told for source in ended for told in _tell(ended[source])}.values())
        entry.finish(self.outcomes)
        if self.crawls is not None and any(_is_published(outcome) for outcome in self.outcomes):
            self.crawls.request()
        judged = [(message, self._judge(message, ended)) for message in messages]
        for message, failure in judged:
            if failure is not None and message.receipt and message.trouble is None:  # haste teaches nobody to read
                self._hurry(message)
        return [failure for _, failure in judged if failure is not None]

    def _hurry(self, message: Message) -> None:
        """Try a message that failed again soon, and later each time; its own time is as long as the longest file's."""
        delay_s = min(_FIRST_DELAY_S * _DELAY_GROWTH ** (message.receives - 1), _MAX_DELAY_S)
        with suppress(TransientError):  # it comes again all the same, if later
            self.queue.hurry(message.receipt, delay_s)

    def _converge_all(
        self, sources: Iterable[SourceObject], entry: Entry
    ) -> dict[SourceObject, list[Outcome | Exception | None]]:
        wanted: dict[SourceObject, list[str]] = {}
        for source in sources:
            wanted[source] = [
                key for key in source.keys if source.bucket == self.bucket and self.converger.is_data(key)
            ]
        self.ignored = [f"{source.bucket}/{source.key}" for source, keys in wanted.items() if not keys]
        keys = list(dict.fromkeys(key for named in wanted.values() for key in named))
        with ThreadPoolExecutor(max_workers=self.threads) as pool:
            ended = dict(zip(keys, pool.map(lambda key: self._converge(key, entry), keys), strict=True))
        return {source: [ended[key] for key in named] for source, named in wanted.items()}

    def _converge(self, key: str, entry: Entry) -> Outcome | Exception | None:
        """Return what became of a key, less its rejects, which the ledger has then; None where it was put off."""
        try:
            outcome = self.converger.converge(key, self._may_begin)
            entry.add_rejects(outcome)
            return replace(outcome, rejects=())
        except NoTimeError:
            return self._put_off(key)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other keys go on and this message comes again
            self.on_trouble(key, error)
            return error

    def _may_begin(self) -> bool:
        """Say whether a key whose turn has come is begun. The converger asks for one key after the other."""
        now = self.clock.monotonic()
        if self._began_at is not None:
            self._longest_s = max(self._longest_s, now - self._began_at)
            if self.time_left_s() <= _RESERVE_S + self._longest_s:
                return False
        self._began_at = now
        return True

    def _put_off(self, key: str) -> Exception | None:
        try:
            self.queue.send(look_at_key(self.bucket, key), 0)
        except TransientError as error:
            return error
        return None

    def _judge(self, message: Message, ended: dict[SourceObject, list[Outcome | Exception | None]]) -> Failure | None:
        if message.trouble is not None:
            return Failure(message.message_id, message.trouble)
        for source in message.objects:
            for result in ended[source]:
                if isinstance(result, Exception):
                    return Failure(message.message_id, result)
        try:
            self._handle(message.request)
        except Exception as error:  # noqa: BLE001 - as above
            self.on_trouble(str(message.request), error)
            return Failure(message.message_id, error)
        return None

    def _handle(self, request: CrawlerRequest | TableRequest | None) -> None:
        if isinstance(request, CrawlerRequest) and self.crawls is not None:
            self.crawls.look(request.failure)
        if isinstance(request, TableRequest):
            self.converger.converge_table(request)


def _is_published(outcome: Outcome) -> bool:
    """Return whether a file stands at its target. After an unchanged one, too: its request may have been lost."""
    return outcome.target_key is not None and outcome.outcome in {"converted", "unchanged"}


def _tell(results: Sequence[Outcome | Exception | None]) -> list[Outcome]:
    """Return the outcomes worth a row: of two readings of one key, the one at which something stands or stood."""
    outcomes = [result for result in results if isinstance(result, Outcome)]
    found = [outcome for outcome in outcomes if not outcome.found_nothing]
    return found if found and len(results) > 1 else outcomes
