"""Have the crawler crawl what was published: debounced, and never dropped (docs/adr/0019-crawls-wanted.md).

A crawl covers what was published before it began. Where one is under way already, a mark is left in the bucket: an
empty object, whose time of last change says when a crawl was wanted. A look at the crawler starts another crawl if the
mark is newer than the last one, or that one failed. Glue's event at the end of a crawl asks for a look; so does the
clock, every quarter of an hour, since those events are delivered at best effort only:
https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-glue.html
"""

from dataclasses import dataclass

from csvlake.events import LOOK_AT_CRAWLER
from csvlake.lake.ports import Clock, Crawler, CrawlerState, ObjectStore, Owner, Queue

__all__ = ["Crawls"]

_MARK = "_crawl-wanted"
_MARGIN_S = 3.0  # S3 tells whole seconds, and its clock may not be Glue's
_ASK_AGAIN_S = 60  # Glue tells of an end while the crawler is still stopping
_RETRY_S = 3600.0  # a crawl that failed may fail for ever, and costs money each time


@dataclass(frozen=True)
class Crawls:
    """The crawls of one lake. Processes and threads may share the crawler.

    Attributes:
        meta_prefix: where the mark is.
    """

    crawler: Crawler
    store: ObjectStore
    queue: Queue
    clock: Clock
    owner: Owner
    meta_prefix: str = "meta/"

    def request(self) -> None:
        """Have a crawl begin that has not begun yet, now or later. To be called after data was published.

        The second start is for a crawl that ended just before the mark was made: its event may be over, too.

        Raises:
            TransientError: the request could be neither done nor kept; the messages that led to it must fail.
        """
        if not self.crawler.start():
            self.store.touch(self._mark)
            self.crawler.start()

    def look(self, failure: str = "") -> None:
        """Start a crawl if one is wanted. Idempotent: an event too many starts nothing.

        Args:
            failure: what the event says of a crawl that failed; the owner is told.

        Raises:
            TransientError: the crawler could not be looked at or started; try again.
        """
        if failure:
            self.owner.tell(
                "csvlake: the crawler failed",
                f"{failure}\nTables are as they were. It is tried again with the next file, or in an hour.",
            )
        state = self.crawler.look()
        # While one runs there is nothing to do: its end asks for a look.
        if not state.is_running and self._is_wanted(state) and not self.crawler.start():
            self.queue.send(LOOK_AT_CRAWLER, _ASK_AGAIN_S)

    def _is_wanted(self, state: CrawlerState) -> bool:
        mark = self.store.head(self._mark)
        if state.began_at is None:
            return mark is not None
        if mark is not None and mark.last_modified is not None:
            marked_at = mark.last_modified.timestamp()
            if marked_at + _MARGIN_S > state.began_at:
                return True
        return state.has_failed and self.clock.now().timestamp() - state.began_at >= _RETRY_S

    @property
    def _mark(self) -> str:
        return self.meta_prefix + _MARK
