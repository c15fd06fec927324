"""A glance at a column tells what looking at each of its cells tells."""

import os

from hypothesis import example, given, settings
from hypothesis import strategies as st

from csvlake.engine.looks import is_value, look_at, look_at_all

CHECKED = settings(max_examples=int(os.environ.get("CSVLAKE_EXAMPLES", "500")), deadline=None)
_CELLS = st.one_of(
    st.from_regex(r"[0-9]{0,3}\.?[0-9]{0,2}", fullmatch=True),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}:[0-9]{2})?", fullmatch=True),
    st.sampled_from(["", " ", "no", " Yes ", "true\t", "n/a", "on", "a\nno", "12\n13", "١٢", "$", "٣.٣", "\x85no"]),
    st.text(max_size=6),
).map(str.encode)


@CHECKED
@given(st.lists(_CELLS, min_size=1, max_size=6))
@example([b""])
@example([b".", b"."])
def test_a_glance_tells_what_the_cells_look_like(cells: list[bytes]) -> None:
    glance = look_at_all(cells)
    looks = {look_at(cell) for cell in cells} - {"empty"}
    if glance == "text":
        assert not any(map(is_value, looks))
    elif glance is not None:
        assert looks in ({glance}, set())
