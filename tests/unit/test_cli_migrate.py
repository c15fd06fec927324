"""``csvlake migrate``, and what ``csvlake status`` says of a change meanwhile."""

import json
from dataclasses import replace

import pytest

from csvlake import __version__, cli
from csvlake.engine.contract import ColumnRule, Contract
from csvlake.events import parse_messages
from csvlake.lake.contract import contract_json
from csvlake.lake.ports import Table
from tests.lakes import LakeInMemory, run
from tests.operator_fakes import StackInMemory


class ConvertingStack(StackInMemory):
    """A stack whose converter works while the operator waits."""

    def deliver(self) -> None:
        """Deliver what has arrived in the queue."""
        bodies = self.lake.queue.receive()
        records = [{"messageId": str(at), "eventSource": "aws:sqs", "body": body} for at, body in enumerate(bodies)]
        if records:
            assert self.lake.batch().run(parse_messages({"Records": records}), f"d{self.lake.clock.seconds}") == []

    def wait(self, seconds: float) -> None:
        self.lake.clock.advance(seconds)
        self.deliver()


@pytest.fixture
def given() -> ConvertingStack:
    stack = ConvertingStack()
    lake = stack.lake
    lake.version = __version__
    assert not run(lake.batch(), lake.upload("t/1.csv", "id,name", "1,a", "2,b"), lake.upload("t/2.csv", "id", "3"))
    return stack


def migrate(given: ConvertingStack, *arguments: str) -> int:
    return cli.main(["migrate", *arguments], lambda name: replace(given.open(name), pause=given.wait))


def types(lake: LakeInMemory) -> dict[str, str]:
    return {name: str(lake.table(f"t/{name}.csv").schema.field("id").type) for name in "12"}


def test_older_files_follow_while_one_watches(given: ConvertingStack, capsys: pytest.CaptureFixture[str]) -> None:
    assert migrate(given, "t", "id", "decimal(18,2)") == 0
    told = capsys.readouterr().out.splitlines()
    assert told == ["t: id → decimal(18,2); files to convert again: 2", "t: done"]
    assert given.lake.types("t")["id"] == "decimal(18,2)"
    assert types(given.lake) == {"1": "decimal128(18, 2)", "2": "decimal128(18, 2)"}
    assert migrate(given, "t") == 0
    assert capsys.readouterr().out == "t: all files are in step with the table\n"


def test_status_says_how_far_it_is(given: ConvertingStack, capsys: pytest.CaptureFixture[str]) -> None:
    assert migrate(given, "t", "id", "string", "--no-wait") == 0
    capsys.readouterr()
    assert cli.main(["status", "--json"], given.open) == 0
    (change,) = json.loads(capsys.readouterr().out)["type_changes"]
    assert (change["table"], change["about"], change["behind"]) == ("t", "id → string", 2)
    given.wait(5)
    given.wait(5)
    assert cli.main(["status"], given.open) == 0
    assert "t: id → string since 2027-01-15 08:00:00+00:00; files to convert again: 0" in capsys.readouterr().out


def test_a_change_that_lost_its_message_is_taken_up(given: ConvertingStack, capsys: pytest.CaptureFixture[str]) -> None:
    assert migrate(given, "t", "id", "string", "--no-wait") == 0
    given.lake.queue.sent.clear()
    assert migrate(given, "t") == 0
    assert capsys.readouterr().out.endswith("t: done\n")
    assert given.lake.types("t")["id"] == "string"


def contract_for(table: Table) -> Table:
    return replace(table, contract=contract_json(Contract(columns=(ColumnRule("id", type="bigint"),))))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["none", "id", "string"], "no_such_table: the catalog has no table none"),
        (["t", "nmae", "string"], "no_such_column: table t has no column nmae; it has id, name"),
        (["t", "id", "bigint"], "same_type: column id of t is bigint already"),
        (["theirs", "id", "string"], "foreign_table: the table theirs is at s3://lake/meta/theirs/"),
        (["ruled", "id", "string"], "contract_decides: the contract of ruled says that id is bigint"),
    ],
)
def test_what_cannot_be_is_refused(
    given: ConvertingStack, arguments: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = given.lake.catalog.tables
    tables["theirs"] = replace(tables["t"], name="theirs", location="s3://lake/meta/theirs/")
    tables["ruled"] = contract_for(replace(tables["t"], name="ruled", location="s3://lake/parquet-files/ruled/"))
    assert migrate(given, *arguments) == 2
    assert code in capsys.readouterr().err
    assert given.lake.queue.sent == []


@pytest.mark.parametrize("arguments", [["t", "id"], ["t", "id", "int"], ["t", "id", "decimal(18,19)"], []])
def test_wrong_usage_is_1(given: ConvertingStack, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        migrate(given, *arguments)
    assert ended.value.code == 1
