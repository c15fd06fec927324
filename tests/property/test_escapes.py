"""Escapes are taken out of cells as they are read from left to right."""

import os
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from csvlake.engine.grammar import compile_grammar

CHECKED = settings(max_examples=int(os.environ.get("CSVLAKE_EXAMPLES", "500")), deadline=None)
TEXTS = st.lists(st.sampled_from(["\\", '"', "'", ",", "|", "\n", "\r", "a", "é"]), max_size=12).map("".join)
# An escape in the delimiter is refused (`csvlake.engine.choice.Given`).
GRAMMARS = st.tuples(
    st.sampled_from([",", "||"]), st.sampled_from(['"', "'"]), st.sampled_from(["\\", "|", '"'])
).filter(lambda signs: signs[2] not in signs[0])


@CHECKED
@given(TEXTS, GRAMMARS)
@example('\\""\\\\"', (",", '"', "\\"))
def test_in_quotes_an_escape_goes_before_quotes_and_escapes(text: str, signs: tuple[str, str, str]) -> None:
    _, quote, escape = signs
    pattern = f"{re.escape(escape)}([{re.escape(escape + quote)}])|{quote}{quote}"
    expected = re.sub(pattern, lambda found: found[1] or quote, text)
    assert compile_grammar(*signs).unquote(text.encode()).decode() == expected


@CHECKED
@given(TEXTS, GRAMMARS)
@example("\\\\\\||", ("||", '"', "\\"))
def test_without_quotes_an_escape_goes_before_what_is_special(text: str, signs: tuple[str, str, str]) -> None:
    special = "|".join(map(re.escape, (*signs, "\r", "\n")))
    expected = re.sub(f"{re.escape(signs[2])}({special})", r"\1", text)
    assert compile_grammar(*signs).unescape(text.encode()).decode() == expected
