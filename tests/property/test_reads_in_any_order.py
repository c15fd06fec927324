"""Whatever is read in whatever order, by one thread or several, it is what stands there."""

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from csvlake.aws.read_ahead import ReadAhead

DATA = bytes(value % 251 for value in range(3000))
STARTS = st.integers(0, 500)


@st.composite
def reads(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Draw (offset, length) of reads: some begin where the one before ended, some anywhere, some long."""
    found = []
    at = 500
    for goes_on in draw(st.lists(st.booleans(), max_size=20)):
        at = at if goes_on and at < len(DATA) else draw(st.integers(500, len(DATA) - 1))
        length = draw(st.one_of(st.integers(0, 40), st.integers(0, 2500)))
        found.append((at, min(length, len(DATA) - at)))
        at += found[-1][1]
    return found


@given(reads(), STARTS, st.integers(1, 700), st.integers(1, 3), st.booleans())
def test_every_read_gives_what_stands_there(
    wanted: list[tuple[int, int]], start: int, block_bytes: int, threads: int, expects: bool
) -> None:
    ahead = ReadAhead(lambda begin, end: DATA[begin:end], start, len(DATA), block_bytes)

    def read(one: tuple[int, int]) -> bytes:
        target = bytearray(one[1])
        ahead.read_into(one[0], memoryview(target))
        return bytes(target)

    if expects:
        ahead.expect((offset, offset + length) for offset, length in wanted[::2])
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(read, wanted))
    ahead.close()
    assert found == [DATA[offset : offset + length] for offset, length in wanted]
