"""Requests, crawls, ends, events lost, repeated and late, schedules, failures and crashes, in any order.

Whatever happened, once every message was delivered and the clock has ticked, each file that was published is covered by
a crawl that began after it and came to its end; and then no further crawl begins.
CSVLAKE_EXAMPLES sets the number of sequences (200 where it is not set).
"""

import os
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from csvlake.lake.crawl import Crawls
from tests.fakes import Intercepted, MemoryClock, MemoryCrawler, MemoryOwner, MemoryQueue, MemoryStore

TICK_S = 900  # as in template.yaml
PAUSES = st.sampled_from([0, 0.2, 0.9, 1.1, 2.5, 4, 50, 1000])
REQUEST, LOOK = "publish and request", "look"


class Crash(BaseException):
    """The process was killed."""


class CrawlsMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = MemoryClock()
        self.crawler = MemoryCrawler(self.clock)
        self.store = MemoryStore(now=self.clock.now)
        self.queue = MemoryQueue(self.clock)
        self.owner = MemoryOwner()
        self.pending: list[str] = []
        self.published: list[float] = []

    # The world ----------------------------------------------------------------------------------------------------

    @rule(seconds=PAUSES)
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule()
    def tick(self) -> None:
        self.pending.append(LOOK)

    @rule()
    def upload(self) -> None:
        self.pending.append(REQUEST)

    @rule()
    def start_by_schedule(self) -> None:
        self.crawler.start()

    @precondition(lambda self: self.crawler.running_since is not None)
    @rule()
    def begin_to_stop(self) -> None:
        self.crawler.is_stopping = True
        self.pending.append(LOOK)

    @precondition(lambda self: self.crawler.running_since is not None)
    @rule(has_failed=st.booleans(), events=st.integers(0, 2))
    def end(self, has_failed: bool, events: int) -> None:
        self.crawler.end(has_failed=has_failed)
        self.pending += [LOOK] * events

    # The converter ------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.pending)
    @rule(pick=st.integers(0, 20), pause=PAUSES, crash_at=st.integers(-1, 8), ends_at=st.integers(-1, 8))
    def deliver(self, pick: int, pause: float, crash_at: int, ends_at: int) -> None:
        """Handle a message: slowly, killed at some call, or while the crawl ends. A message that failed stays."""
        message = self.pending[pick % len(self.pending)]
        calls = 0

        def hook(_when: str, _name: str) -> None:
            nonlocal calls
            self.clock.advance(pause)
            if calls == ends_at and self.crawler.running_since is not None:
                self.crawler.end()
                self.pending.append(LOOK)
            if calls == crash_at:
                raise Crash
            calls += 1

        try:
            self.handle(message, hook)
        except Crash:
            return
        self.pending.remove(message)

    def handle(self, message: str, hook: Any = lambda _when, _name: None) -> None:
        crawler, store, queue = (Intercepted(port, hook) for port in (self.crawler, self.store, self.queue))
        crawls = Crawls(crawler, store, queue, self.clock, self.owner)
        if message == LOOK:
            crawls.look()
        else:
            self.published.append(self.clock.seconds)
            crawls.request()

    def teardown(self) -> None:
        """Let everything come to rest: crawls end well, their events are lost, the clock ticks."""
        for _ in range(12):  # more than an hour, after which a crawl that failed is tried again
            while self.pending:
                self.handle(self.pending.pop())
            self.clock.advance(TICK_S)
            if self.crawler.running_since is not None:
                self.crawler.end()
            self.pending += [LOOK, *([LOOK] * len(self.queue.receive()))]
        covered = max((began_at for began_at, has_failed in self.crawler.ended if not has_failed), default=-1.0)
        assert all(at <= covered for at in self.published)
        crawls = self.crawler.starts
        for _ in range(6):
            self.handle(LOOK)
            self.clock.advance(TICK_S)
        assert self.crawler.starts == crawls, "a crawl that nobody wants"


CrawlsMachine.TestCase.settings = settings(
    max_examples=int(os.environ.get("CSVLAKE_EXAMPLES", "200")), stateful_step_count=25, deadline=None
)
TestCrawls = CrawlsMachine.TestCase
