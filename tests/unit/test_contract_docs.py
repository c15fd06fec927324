"""docs/contracts.md, executed: its examples are read, its outputs are what csvlake writes, its tables are whole."""

import re
from pathlib import Path

import pytest

from csvlake import cli
from csvlake.engine.contract import DATE_DIRECTIVES
from csvlake.errors import TerminalError
from csvlake.lake.contract import parse_contract
from csvlake.lake.contract_form import make_schema
from csvlake.lake.partition_values import KEY_TYPES
from csvlake.lake.projection import PROJECTED_FORMATS, PROJECTION_FIELDS

PAGE = (Path(__file__).parents[2] / "docs" / "contracts.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```([a-z ]*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for found, text in BLOCKS if found == language]


def rows(title: str) -> dict[str, list[str]]:
    """Return the first table below a title: its rows by their first cell."""
    part = PAGE.split(f"{title}\n", 1)[1].split("\n\n", 1)[0].split("\n#", 1)[0]
    cells = [re.split(r"(?<!\\)\|", line.strip("|")) for line in part.splitlines() if line.startswith("| `")]
    return {row[0].strip(' `"'): [cell.strip() for cell in row[1:]] for row in cells}


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_contract_is_read(text: str) -> None:
    assert parse_contract(text.encode(), "x.yaml").columns or "projection:" in text


def test_the_draft_is_what_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (source,) = blocks("csv")
    (tmp_path / "jan.csv").write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["inspect", "--contract", "jan.csv"]) == 0
    lines = capsys.readouterr().out.splitlines(keepends=True)
    assert "".join(line for line in lines if not line.startswith("# jan.csv: ")) in blocks("yaml")


def test_the_problems_are_what_is_told() -> None:
    (bad,), (told,) = blocks("yaml bad"), blocks("text")
    with pytest.raises(TerminalError) as refused:
        parse_contract(bad.encode(), "_contract.yaml")
    assert refused.value.message + "\n" == told


def test_the_tables_have_every_field_and_its_default() -> None:
    schema = make_schema()["properties"]
    table, column = rows("## Every field"), rows("### Of a column")
    assert list(table) == list(schema)
    assert sorted(column) == sorted(schema["columns"]["items"]["properties"])
    for name, known in (schema | schema["columns"]["items"]["properties"]).items():
        if "default" in known:
            default = str(known["default"]).lower() if isinstance(known["default"], bool) else known["default"]
            assert (table | column)[name][-1].strip('`"') == default


def test_the_policies_are_all_told() -> None:
    for name in ("on_misfit", "on_new_column", "on_missing_column"):
        told = re.findall(r'^\| `"?(\w+)"?`', PAGE.split(f"| `{name}` | |\n", 1)[1].split("\n\n", 1)[0], re.MULTILINE)
        assert told == make_schema()["properties"][name]["enum"]


def test_types_formats_and_projections_are_all_told() -> None:
    table = rows("## Every field")
    assert re.findall("`(.*?)`", table["partition_keys"][0])[1:] == list(KEY_TYPES)
    assert all(f"`{directive}`" in PAGE for directive in DATE_DIRECTIVES)
    projections = PAGE.split("| projection | its fields", 1)[1]
    for kind, own in PROJECTION_FIELDS.items():
        line = next(line for line in projections.splitlines() if line.startswith(f"| `{kind}`"))
        assert all(f"`{name}`" in line for name in own)
    assert all(f"`{known}`" in projections for known in PROJECTED_FORMATS)
