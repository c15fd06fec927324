"""The contract that csvlake writes to start from: what it says outright, and what it only gives evidence for."""

from pathlib import Path

import pytest

from csvlake import cli
from csvlake.engine.contract import ColumnRule, Contract
from csvlake.engine.model import ConvertOptions, Report
from csvlake.files import inspect_file, survey_file
from csvlake.lake.contract import parse_contract
from csvlake.lake.draft import write_draft

JANUARY = "Id,Amount,Bought,Note\n1,12.50,2026-01-01,\n2,n/a,2026-01-02,\n3,NA,soon,\n4,n/a,2026-01-04,\n"
FEBRUARY = 'ID,amount,"Größe\n(cm)"\n5,1.125,ä\n'


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    paths = [tmp_path / "dt=2026-01-31" / "jan.csv", tmp_path / "dt=2026-02-28" / "feb.csv"]
    for path, text in zip(paths, (JANUARY, FEBRUARY), strict=True):
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
    return [str(path) for path in paths]


def draft_of(*files: str) -> list[str]:
    text = write_draft({file: survey_file(file) for file in files})
    assert parse_contract(text.encode(), "draft") is not None
    return text.splitlines()


def test_it_says_how_the_files_read_together(files: list[str]) -> None:
    draft = "\n".join(draft_of(*files))
    assert parse_contract(draft.encode(), "draft") == Contract(
        columns=(
            ColumnRule("id", type="bigint"),
            ColumnRule("amount", type="string"),
            ColumnRule("bought", type="string"),
            ColumnRule("note"),
            ColumnRule("grosse_cm", type="string"),
        ),
        delimiter=",",
        quote='"',
        encoding="utf-8",
        header=True,
    )


def test_the_evidence_of_each_column_is_in_comments(files: list[str]) -> None:
    draft = draft_of(*files)
    assert draft[draft.index("  - name: amount") :] == [
        "  - name: amount",
        '    # in 2 of 2 files, as "Amount" in 1 file, "amount" in 1 file; 5 cells, 0 of them empty',
        "    # file by file: string in 1 file, decimal(18,3) in 1 file",
        "    type: string",
        '    # null_tokens: ["n/a", "NA"]  # 3 of 5 cells: 2 "n/a", 1 "NA"',
        "    # type: decimal(18,3)  # instead: all of the other 2 cells",
        "    # required: true",
        "  - name: bought",
        '    # in 1 of 2 files, as "Bought" in 1 file; 4 cells, 0 of them empty',
        "    type: string",
        '    # type: date  # instead: 3 of 4 cells; misfits: 1, such as "soon"',
        "  - name: note",
        '    # in 1 of 2 files, as "Note" in 1 file; 4 cells, 4 of them empty',
        "    # type: string  # no file has a value",
        "  - name: grosse_cm",
        '    # in 1 of 2 files, as "Größe\\n(cm)" in 1 file; 1 cell, 0 of them empty',
        "    type: string",
        "# partition_keys:  # of the folders; string without these lines",
        "#   dt: date",
    ]


def test_forms_are_written_where_they_are_proven_and_offered_where_not(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [
        "31.01.2026,1/2/2026,yes,'1,234.50','1,234',2026-01-31T00:00:00.5",
        "01.02.2026,3/4/2026,no,'2,345.25','5,678',2026-02-01T00:00:00.5",
    ]
    path.write_text("day,when,is_new,price,count,at\n" + "\n".join(rows).replace("'", '"') + "\n", encoding="utf-8")
    draft = [line for line in draft_of(str(path)) if not line.startswith("    # in 1 of") and "required" not in line]
    assert draft[draft.index("columns:") + 1 :] == [
        "  - name: day",
        "    type: date",
        '    date_format: "%d.%m.%Y"',
        "  - name: when",
        "    type: string",
        "    # type: date  # instead: all 2 cells",
        '    # date_format: "%d/%m/%Y"',
        "    # type: date  # or: all 2 cells",
        '    # date_format: "%m/%d/%Y"',
        "  - name: is_new",
        "    type: string",
        "    # type: boolean  # instead: all 2 cells",
        "  - name: price",
        "    type: decimal(18,2)",
        '    number_format: "#,##0.##"',
        "  - name: count",
        "    type: string",
        "    # type: bigint  # instead: all 2 cells",
        '    # number_format: "#,##0"',
        "  - name: at",
        "    type: timestamp",
    ]


def test_comments_can_be_made_lines(files: list[str]) -> None:
    text = "\n".join(draft_of(*files))
    text = text.replace("# partition_keys:", "partition_keys:").replace("#   dt:", "  dt:")
    text = text.replace("    type: string\n    # null_tokens:", "    null_tokens:").replace("# type:", "type:", 1)
    contract = parse_contract(text.encode(), "x")
    assert contract.rule_for("amount") == ColumnRule("amount", type="decimal(18,3)", null_tokens=("n/a", "NA"))
    assert contract.partition_keys == {"dt": "date"}


def test_what_files_do_not_have_in_common_is_left_out(tmp_path: Path) -> None:
    one, other = tmp_path / "a.csv", tmp_path / "b.csv"
    one.write_text("x;y\n1;2\n", encoding="utf-8")
    other.write_bytes("x,y\n1,é\n".encode("utf-16"))
    draft = draft_of(str(one), str(other))
    assert '# delimiter: ";" in 1 file, "," in 1 file; left out, so that each file is looked at' in draft
    assert any(line.startswith("# encoding: ") and '"utf-8" in 1 file' in line for line in draft)
    assert "# partition_keys:  # of the folders; string without these lines" not in draft


def test_a_lone_column_proves_no_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x\n1\n2\n", encoding="utf-8")
    assert not any("delimiter:" in line for line in draft_of(str(path)))


def test_a_first_file_read_by_its_draft_keeps_its_types(files: list[str]) -> None:
    draft = parse_contract("\n".join(draft_of(files[0])).encode(), "x")
    types = {column.name: column.type for column in inspect_file(files[0]).schema}
    assert {rule.name: rule.type or "string" for rule in draft.columns} == types


def test_a_header_of_two_records_stays_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("city,sales,,costs,\n,old,new,old,new\na,1,2,3,4\nb,5,6,7,8\n", encoding="utf-8")
    before = inspect_file(path)
    contract = parse_contract("\n".join(draft_of(str(path))).encode(), "x")
    assert contract.header is True
    assert inspect_file(path, ConvertOptions(contract=contract)).schema == before.schema
    assert [column.name for column in before.schema][:2] == ["city", "sales_old"]


def test_cells_of_many_batches_add_up(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = (f"{number},{'NA' if number % 4 == 0 else number}\n" for number in range(200_000))
    path.write_text("n,m\n" + "".join(rows), encoding="utf-8")
    draft = draft_of(str(path))
    assert '    # null_tokens: ["NA"]  # 50000 of 200000 cells: 50000 "NA"' in draft
    assert "    # type: bigint  # instead: all of the other 150000 cells" in draft
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.csv"]


def test_the_command_writes_it(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["inspect", "--contract", *files]) == 0
    assert capsys.readouterr().out.splitlines() == draft_of(*files)


def test_a_refusal_names_its_file(files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.csv").touch()
    assert cli.main(["inspect", "--contract", files[0], str(tmp_path / "empty.csv")]) == 2
    told = capsys.readouterr()
    assert told.err.startswith(f"csvlake: {tmp_path / 'empty.csv'}: empty_file: ")
    assert told.out == ""


def test_several_files_need_the_option(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["inspect", *files])
    assert left.value.code == 1
    assert "one FILE, or --contract" in capsys.readouterr().err


def test_a_bad_contract_is_refused(files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = tmp_path / "c.yaml"
    contract.write_text("heder: true\n", encoding="utf-8")
    assert cli.main(["inspect", "--with", str(contract), files[0]]) == 2
    assert "line 1: heder is not a field; did you mean header?" in capsys.readouterr().err


def test_a_good_one_reaches_the_engine(files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contract = tmp_path / "c.yaml"
    contract.write_text("null_tokens: [NA]\n", encoding="utf-8")
    given: list[object] = []

    def inspect(file: str, options: ConvertOptions) -> Report:
        given.append(options.contract)
        return inspect_file(file)

    monkeypatch.setattr("csvlake.cli.inspect.inspect_file", inspect)
    assert cli.main(["inspect", "--with", str(contract), files[0]]) == 0
    assert given == [Contract(null_tokens=("NA",))]
