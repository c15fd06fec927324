"""Whatever files hold, the contract that is written of them can be read."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from csvlake.engine import convert, open_source
from csvlake.engine.model import ConvertOptions
from csvlake.engine.survey import survey
from csvlake.errors import TerminalError
from csvlake.lake.contract import parse_contract
from csvlake.lake.draft import write_draft

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
CELLS = TEXTS | st.sampled_from(["NA", "-", "1", "12.50", "2026-01-31", "31.01.2026", "true", "", '"', "#", "\n"])
POOLS = [
    ["1", "20", "-3", ""],
    ["1.5", "20.25", "NA", "7"],
    ["1,234.50", "2,000.25", "12"],
    ["1e5", "0.5", "2e-3"],
    ["31.01.2026", "01.02.2026"],
    ["1/2/2026", "3/14/2026", ""],
    ["2026-01-31T00:00:00", "2026-01-31 00:00:00", "2026-01-31T00:00:00.5"],
    ["yes", "no"],
    ["True", "False", ""],
]
COLUMNS = st.lists(CELLS, min_size=6, max_size=6) | st.sampled_from(POOLS).flatmap(
    lambda pool: st.lists(st.sampled_from(pool), min_size=6, max_size=6)
)
TABLES = st.lists(st.tuples(CELLS, COLUMNS), min_size=1, max_size=4).map(
    lambda columns: [[name for name, _ in columns], *map(list, zip(*(cells for _, cells in columns), strict=True))]
)
NAMES = st.text(st.sampled_from("ab=/ -1\n%é"), max_size=12)


@given(st.lists(TABLES, min_size=1, max_size=3), st.lists(NAMES, min_size=3, max_size=3, unique=True))
def test_a_draft_is_a_contract(tables: list[list[list[str]]], names: list[str]) -> None:
    surveys = {}
    for table, name in zip(tables, names, strict=False):
        text = io.StringIO()
        csv.writer(text).writerows(table)
        try:
            surveys[name] = survey(open_source(io.BytesIO(text.getvalue().encode())))
        except TerminalError:
            continue
    if not surveys:
        return
    contract = parse_contract(write_draft(surveys).encode(), "draft")
    seen = {name for found in surveys.values() for name in found.columns}
    assert {rule.name for rule in contract.columns} == seen


@given(TABLES)
def test_a_file_reads_by_its_draft_as_it_does_without(table: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(table)
    content = text.getvalue().encode()
    try:
        before = convert(open_source(io.BytesIO(content)))
    except TerminalError:
        return
    draft = write_draft({"a.csv": survey(open_source(io.BytesIO(content)))})
    contract = parse_contract(draft.encode(), "draft")
    after = convert(open_source(io.BytesIO(content)), ConvertOptions(contract=contract))
    assert after.report.schema == before.report.schema, draft
    assert before.table is not None
    assert before.table.equals(after.table), draft
