"""Every file that was published is covered by a crawl that began later, and nobody crawls for nothing."""

from collections.abc import Sequence

import pytest

from csvlake.events import LOOK_AT_CRAWLER
from csvlake.lake.crawl import Crawls
from tests.fakes import MemoryClock, MemoryCrawler, MemoryOwner, MemoryQueue, MemoryStore


class Lake:
    """A crawler and what remembers that one is wanted."""

    def __init__(self) -> None:
        self.clock = MemoryClock()
        self.crawler = MemoryCrawler(self.clock)
        self.store = MemoryStore(now=self.clock.now)
        self.queue = MemoryQueue(self.clock)
        self.owner = MemoryOwner()
        self.crawls = Crawls(self.crawler, self.store, self.queue, self.clock, self.owner)

    def request(self, after_s: float = 0) -> None:
        self.clock.advance(after_s)
        self.crawls.request()

    def end(self, after_s: float, *, has_failed: bool = False) -> None:
        """End the crawl that runs, and have its event looked at."""
        self.clock.advance(after_s)
        self.crawler.end(has_failed=has_failed)
        self.crawls.look("the crawler: it broke" if has_failed else "")

    def look(self, after_s: float = 0) -> None:
        self.clock.advance(after_s)
        self.crawls.look()

    def began(self) -> Sequence[float]:
        """Return how many seconds after the first crawl each one began."""
        every = [began_at for began_at, _ in self.crawler.ended]
        if self.crawler.running_since is not None:
            every.append(self.crawler.running_since)
        return [began_at - every[0] for began_at in every]


@pytest.fixture
def lake() -> Lake:
    return Lake()


def test_one_request_is_one_crawl(lake: Lake) -> None:
    lake.request()
    lake.end(60)
    lake.look(900)
    assert lake.began() == [0]
    assert not lake.store.objects


def test_many_requests_during_a_crawl_are_one_more_crawl_when_it_ends(lake: Lake) -> None:
    lake.request()
    for _ in range(5):
        lake.request(after_s=10)
    assert lake.began() == [0]
    lake.end(10)
    assert lake.began() == [0, 60]
    lake.end(60)
    lake.look(900)
    assert lake.began() == [0, 60]
    assert not lake.queue.sent


def test_an_event_that_is_lost_is_made_up_for_by_the_clock(lake: Lake) -> None:
    lake.request()
    lake.request(after_s=10)
    lake.clock.advance(50)
    lake.crawler.end()
    lake.look(after_s=840)
    assert lake.began() == [0, 900]


def test_events_that_come_twice_or_late_start_nothing(lake: Lake) -> None:
    lake.request()
    lake.request(after_s=10)
    lake.end(50)
    for _ in range(3):
        lake.look()  # while the second one runs
    lake.end(60)
    for _ in range(3):
        lake.look()
    assert lake.began() == [0, 60]


def test_the_crawler_may_still_be_stopping_when_its_end_is_told(lake: Lake) -> None:
    lake.request()
    lake.request(after_s=10)
    lake.crawler.is_stopping = True
    lake.look(after_s=50)
    assert lake.began() == [0]
    lake.clock.advance(20)
    lake.crawler.end()
    assert lake.queue.receive() == []
    lake.clock.advance(40)
    assert lake.queue.receive() == [LOOK_AT_CRAWLER]
    lake.look()
    assert lake.began() == [0, 120]


def test_a_crawl_that_ends_while_a_request_is_kept_is_followed_by_another_one(lake: Lake) -> None:
    lake.request()
    lake.store.before("put", 1, lambda: lake.end(60))
    lake.request()
    assert lake.began() == [0, 60]


def test_a_crawl_by_schedule_covers_what_was_asked_for(lake: Lake) -> None:
    lake.request()
    lake.request(after_s=10)
    lake.clock.advance(10)
    lake.crawler.end()
    lake.clock.advance(5)
    assert lake.crawler.start(), "the schedule's"
    lake.look()  # the first one's event comes late
    lake.end(60)
    assert lake.began() == [0, 25]


def test_what_is_asked_for_during_a_crawl_by_schedule_comes_after_it(lake: Lake) -> None:
    assert lake.crawler.start(), "the schedule's"
    lake.request(after_s=5)
    lake.end(60)
    assert lake.began() == [0, 65]


def test_a_crawl_that_failed_is_tried_again_in_an_hour_and_the_owner_told(lake: Lake) -> None:
    lake.request()
    lake.end(60, has_failed=True)
    ((subject, text),) = lake.owner.told
    assert subject == "csvlake: the crawler failed"
    assert text.startswith("the crawler: it broke\n")
    for _ in range(8):
        lake.look(after_s=900)
    assert lake.began() == [0, 3660]
    lake.end(60)
    lake.look(after_s=9000)
    assert lake.began() == [0, 3660]


def test_what_waits_for_a_crawl_that_failed_does_not_wait_longer(lake: Lake) -> None:
    lake.request()
    lake.request(after_s=10)
    lake.end(50, has_failed=True)
    assert lake.began() == [0, 60]


@pytest.mark.parametrize("seconds", [0, 0.5, 1.5, 2.9])
def test_clocks_need_not_agree_to_the_second(lake: Lake, seconds: float) -> None:
    """A crawl that seems to have begun just after the mark may have begun before it."""
    lake.request()
    lake.request(after_s=10)
    lake.clock.advance(seconds)
    lake.crawler.end()
    assert lake.crawler.start(), "somebody else's"
    lake.end(60)
    assert len(lake.began()) == 3
