"""Sources: bytes in ranges, from whatever holds them."""

import io
from pathlib import Path

import pytest

from csvlake.engine.source import open_source
from csvlake.errors import TerminalError, TransientError


def test_path_bytes_and_file_give_the_same_ranges(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        for source in (open_source(path), open_source(str(path)), open_source(b"0123456789"), open_source(file)):
            assert source.size == 10
            assert source.read_range(0, 100) == b"0123456789"
            assert source.read_range(3, 4) == b"3456"
            assert source.read_range(8, 4) == b"89"
            assert source.read_range(10, 1) == b""


def test_a_stream_that_cannot_seek_is_read_whole() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    assert open_source(Pipe(b"a,b\n")).read_range(0, 10) == b"a,b\n"


def test_absent_file_is_terminal(tmp_path: Path) -> None:
    with pytest.raises(TerminalError, match=r"nothing\.csv"):
        open_source(tmp_path / "nothing.csv")


def test_a_file_that_grows_while_it_is_read_is_trouble_that_may_pass(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\n")
    source = open_source(path)
    with path.open("ab") as file:
        file.write(b"1,2\n")
    with pytest.raises(TransientError, match="changed"):
        source.read_range(0, 4)
