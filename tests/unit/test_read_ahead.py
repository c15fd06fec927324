"""Blocks are asked for ahead of whoever reads on, in bounded number; trouble is told where its bytes are needed."""

import gc
import threading
from collections.abc import Callable

import pytest

from csvlake.aws.read_ahead import BLOCKS_AHEAD, ReadAhead
from csvlake.errors import TransientError

BLOCK = 100
DATA = bytes(range(256)) * 8
START = 250  # what stands before came by another way
WAIT_S = 30


class Store:
    """Gives bytes, and remembers what it was asked for."""

    def __init__(self, before: Callable[[int], object] = lambda _begin: None) -> None:
        self.asked: list[tuple[int, int]] = []
        self._before = before

    def fetch(self, begin: int, end: int) -> bytes:
        self.asked.append((begin, end))
        self._before(begin)
        return DATA[begin:end]


def read(ahead: ReadAhead, offset: int, length: int) -> bytes:
    target = bytearray(length)
    ahead.read_into(offset, memoryview(target))
    return bytes(target)


def block(number: int) -> tuple[int, int]:
    return START + number * BLOCK, START + (number + 1) * BLOCK


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("csvlake-read-ahead")]


def test_so_many_requests_are_in_flight_at_once() -> None:
    barrier = threading.Barrier(BLOCKS_AHEAD)  # nobody passes before all have come
    store = Store(lambda begin: barrier.wait(WAIT_S) if begin < block(BLOCKS_AHEAD)[0] else None)
    ahead = ReadAhead(store.fetch, START, len(DATA), BLOCK)
    assert read(ahead, START, 10) == DATA[START : START + 10]
    ahead.close()
    assert sorted(store.asked) == [block(number) for number in range(BLOCKS_AHEAD)]


def test_no_more_than_that_is_ever_ahead_of_the_reader() -> None:
    at = [START]
    farthest = []
    store = Store(lambda begin: farthest.append(begin - at[0]))
    ahead = ReadAhead(store.fetch, START, len(DATA), BLOCK)
    for at[0] in range(START, len(DATA), 30):
        assert read(ahead, at[0], min(30, len(DATA) - at[0])) == DATA[at[0] : at[0] + 30]
    ahead.close()
    assert max(farthest) < BLOCKS_AHEAD * BLOCK + 30
    assert sorted(store.asked) == [(begin, min(begin + BLOCK, len(DATA))) for begin in range(START, len(DATA), BLOCK)]


def test_a_short_look_elsewhere_is_one_request_and_disturbs_nothing() -> None:
    store = Store()
    ahead = ReadAhead(store.fetch, START, len(DATA), BLOCK)
    assert read(ahead, 1500, 20) == DATA[1500:1520]
    assert store.asked == [(1500, 1520)]
    read(ahead, START, 10)
    read(ahead, 1700, 20)
    read(ahead, START + 10, BLOCK)
    ahead.close()
    assert len(store.asked) == len(set(store.asked))
    assert (1700, 1720) in store.asked


def test_looks_that_are_expected_go_out_together_and_once() -> None:
    barrier = threading.Barrier(3)
    store = Store(lambda _begin: barrier.wait(WAIT_S))
    ahead = ReadAhead(store.fetch, START, len(DATA), BLOCK)
    ranges = [(1900, 1920), (1000, 1020), (500, 520)]
    ahead.expect([*ranges, ranges[0]])
    for begin, end in [*ranges, ranges[0]]:
        assert read(ahead, begin, end - begin) == DATA[begin:end]
    ahead.close()
    assert sorted(store.asked) == sorted(ranges)


@pytest.mark.parametrize("is_expected", [False, True])
def test_trouble_is_told_where_the_bytes_are_needed_and_may_pass(is_expected: bool) -> None:
    troubled = [block(2)[0]]

    def fail(begin: int) -> None:
        if begin in troubled:
            troubled.remove(begin)
            raise TransientError("told to")

    ahead = ReadAhead(Store(fail).fetch, START, len(DATA), BLOCK)
    if is_expected:
        ahead.expect([block(2)])
    else:
        assert read(ahead, START, 2 * BLOCK) == DATA[START : START + 2 * BLOCK]
    with pytest.raises(TransientError, match="told to"):
        read(ahead, block(2)[0], BLOCK)
    assert read(ahead, block(2)[0], BLOCK) == DATA[slice(*block(2))]
    ahead.close()


def test_nobody_needs_to_hear_of_trouble_behind_the_last_read() -> None:
    def fail(begin: int) -> None:
        if begin > START:
            raise TransientError("told to")

    ahead = ReadAhead(Store(fail).fetch, START, len(DATA), BLOCK)
    assert read(ahead, START, BLOCK - 1) == DATA[START : START + BLOCK - 1]
    ahead.close()


def test_closing_ends_the_threads_and_reading_begins_them_again() -> None:
    ahead = ReadAhead(Store().fetch, START, len(DATA), BLOCK)
    for _ in range(2):
        assert read(ahead, START, 2 * BLOCK) == DATA[START : START + 2 * BLOCK]
        assert threads()
        ahead.close()
        assert not threads()
    ahead.close()


def test_the_threads_end_with_a_window_that_nobody_closed() -> None:
    ahead = ReadAhead(Store().fetch, START, len(DATA), BLOCK)
    read(ahead, START, 10)
    left = threads()
    assert left
    del ahead
    gc.collect()
    for thread in left:
        thread.join(WAIT_S)
    assert not threads()
