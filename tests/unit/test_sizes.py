"""How memory is divided."""

import pytest

from csvlake.engine.sizes import choose_sizes

MIB = 1 << 20


def test_a_narrow_table_has_all_of_it() -> None:
    assert choose_sizes(300 * MIB, columns=0).batch_bytes == choose_sizes(300 * MIB).batch_bytes


@pytest.mark.parametrize("columns", [2_001, 5_000, 20_000])
def test_a_wide_table_is_worked_on_by_one_thread_in_large_pieces(columns: int) -> None:
    sizes = choose_sizes(300 * MIB, columns=columns)
    assert sizes.threads == 1
    assert sizes.piece_bytes == sizes.batch_bytes > 4 * MIB


def test_the_metadata_of_columns_leave_less_for_texts() -> None:
    plain, wide = choose_sizes(300 * MIB), choose_sizes(300 * MIB, columns=1_000)
    assert wide.batch_bytes * wide.threads <= plain.batch_bytes * plain.threads
    assert wide.held_bytes < plain.held_bytes


def test_little_memory_is_never_none() -> None:
    sizes = choose_sizes(0, columns=20_000)
    assert (sizes.threads, sizes.batch_bytes, sizes.piece_bytes) == (1, MIB, MIB)
