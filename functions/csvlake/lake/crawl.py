"""Ask for a crawl after data was published: debounced, and never dropped.

A crawl covers what was published before it began. A request that meets a running crawl comes back later with the time
at which it was made; by then a crawl that began after that time has done it, or it is asked for again. So many
requests during one crawl end in one more crawl.
"""

from csvlake.events import start_crawler
from csvlake.lake.ports import Clock, Crawler, Queue

__all__ = ["request_crawl"]

_ASK_AGAIN_S = 60
_SKEW_S = 2.0  # between our clock and the crawler's


def request_crawl(crawler: Crawler, queue: Queue, clock: Clock, asked_at: float | None = None) -> None:
    """Have a crawl begin after ``asked_at``, now or later.

    Args:
        asked_at: seconds since 1970 of a request that came back; None for a new one.

    Raises:
        TransientError: the request could be neither done nor kept; the message that made it must fail.
    """
    if asked_at is not None:
        started_at = crawler.last_started_at()
        if started_at is not None and started_at >= asked_at + _SKEW_S:
            return
    if not crawler.start():
        queue.send(start_crawler(clock.now().timestamp() if asked_at is None else asked_at), _ASK_AGAIN_S)
