"""Contracts read from YAML: what is taken, and what an owner is told of everything that is wrong."""

import pytest

from csvlake.engine.contract import ColumnRule, Contract, Projection
from csvlake.errors import TerminalError
from csvlake.lake.contract import parse_contract

WHOLE = b"""\
description: Orders of all shops.
columns:
  - name: order_no
    aliases: ["Order No", Bestellnr.]
    type: string
    required: true
    description: As printed on the receipt.
  - name: ordered_on
    type: date
    date_format: "%d.%m.%Y"
  - name: amount
    type: decimal(18,2)
    null_tokens: [NA, -, 0, null, NO, on, ~, 1_000]
delimiter: ";"
quote: '"'
escape: ""
encoding: windows-1252
header: true
null_tokens: ["n/a"]
on_misfit: reject_record
on_new_column: rescue
on_missing_column: null
partition_keys:
  dt: date
  shop: string
projection:
  dt: {type: date, range: [2020-01-01, NOW]}
  shop: {type: enum, values: [north, south]}
"""


def told(text: str) -> list[str]:
    with pytest.raises(TerminalError) as refused:
        parse_contract(text.encode(), "x.yaml")
    assert refused.value.code == "bad_contract"
    first, *lines = refused.value.message.split("\n")
    assert first == "x.yaml is not a contract"
    return lines


def test_every_field_arrives() -> None:
    assert parse_contract(WHOLE, "x.yaml") == Contract(
        columns=(
            ColumnRule("order_no", ("Order No", "Bestellnr."), "string", True, None, (), "As printed on the receipt."),
            ColumnRule("ordered_on", type="date", date_format="%d.%m.%Y"),
            ColumnRule("amount", type="decimal(18,2)", null_tokens=("NA", "-", "0", "null", "NO", "on", "~", "1_000")),
        ),
        delimiter=";",
        quote='"',
        escape="",
        encoding="windows-1252",
        header=True,
        null_tokens=("n/a",),
        on_misfit="reject_record",
        on_new_column="rescue",
        on_missing_column="null",
        partition_keys={"dt": "date", "shop": "string"},
        projection={
            "dt": Projection("date", range=("2020-01-01", "NOW")),
            "shop": Projection("enum", values=("north", "south")),
        },
        description="Orders of all shops.",
    )


def test_what_is_left_out_says_nothing() -> None:
    assert parse_contract(b"{}", "x.yaml") == Contract()
    assert parse_contract(b"columns: []\n", "x.yaml") == Contract()


def test_descriptions_may_have_lines_and_any_letters() -> None:
    text = 'description: "a\\n\\tb\\u00a0日"\ncolumns: [{name: a, description: "b\\u00a0c"}]'
    contract = parse_contract(text.encode(), "x.yaml")
    assert contract.description == "a\n\tb\u00a0日"
    assert contract.columns[0].description == "b\u00a0c"


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    assert parse_contract(b"\xef\xbb\xbfheader: true\n", "x.yaml") == Contract(header=True)


def test_all_problems_are_told_with_lines_and_what_may_be_meant() -> None:
    assert told(
        "columns:\n"
        "  - name: amount\n"
        "    aliases: [Sum]\n"
        "    type: integer\n"
        "  - {name: Order No, typ: string}\n"
        "  - type: bigint\n"
        "\n"
        "header: yes\n"
        "on_misfits: rescue\n"
        "on_misfit: widn\n"
        "encoding: utf9\n"
    ) == [
        "line 4: columns[0].type: 'integer' is not a type; did you mean bigint?",
        "line 5: columns[1].name: 'Order No' is not a name as Athena knows it; did you mean order_no?",
        "line 5: columns[1].typ is not a field; did you mean type?",
        "line 6: columns[2]: has no name",
        "line 8: header: 'yes' is not true or false; did you mean true?",
        "line 9: on_misfits is not a field; did you mean on_misfit?",
        "line 10: on_misfit: 'widn' is not a policy; did you mean widen?",
        "line 11: encoding: 'utf9' is not an encoding known here; did you mean utf-8?",
    ]


@pytest.mark.parametrize(
    ("type_", "meant"),
    [
        ("int", "bigint"),
        ("BIGINT", "bigint"),
        ("float", "double"),
        ("varchar(20)", "string"),
        ("datetime", "timestamp"),
        ("bool", "boolean"),
        ("decimal(10,2)", "decimal(18,2)"),
        ("Decimal(18, 2)", "decimal(18,2)"),
        ("numeric(20,4)", "decimal(38,4)"),
        ("timestmp", "timestamp"),
    ],
)
def test_types_of_other_systems_are_known(type_: str, meant: str) -> None:
    assert told(f"columns: [{{name: a, type: '{type_}'}}]") == [
        f"line 1: columns[0].type: {type_!r} is not a type; did you mean {meant}?"
    ]


def test_a_word_like_none_is_told_all_there_are() -> None:
    assert told("on_misfit: xyz") == [
        "line 1: on_misfit: 'xyz' is not a policy; there is rescue, widen, reject_record, reject_file"
    ]
    (line,) = told("columns: [{name: a, type: geography}]")
    assert line.endswith(
        "there is boolean, bigint, double, date, timestamp, string, "
        "decimal(18,0) to decimal(18,18) and decimal(38,0) to decimal(38,38)"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is empty: write a field, or {} for a contract that says nothing"),
        ("# only a comment\n", "it is empty: write a field, or {} for a contract that says nothing"),
        ("hello", 'the contract is not a mapping: write it as delimiter: ";"'),
        ("columns: {a: bigint}", "columns: is not a list: write it as - name: amount"),
        ("columns: [a]", "columns[0]: is not a mapping: write it as name: amount"),
        ("columns: [{name: [a]}]", "columns[0].name: is a list, not a text"),
        ("null_tokens: NA", 'null_tokens: is not a list: write it as ["NA", "-"]'),
        ("null_tokens: ['']", "null_tokens[0]: is empty: give a text or leave it out"),
        ("null_tokens: [NA, NA]", "null_tokens[1]: 'NA' is there twice"),
        ("header:", "header: has no value: give one or leave the field out"),
        ("header: true\nheader: false", "header is there twice: leave one out"),
        ("? [a]\n: b", "the contract has a name that is not a text"),
        ('description: "a\\ud800"', "description: 'a\\ud800' has half of a surrogate pair"),
        ("delimiter: tab", "delimiter: 'tab' is not what stands between cells; did you mean \"\\t\"?"),
        ("delimiter: \\t", "delimiter: '\\\\t' is not what stands between cells; did you mean \"\\t\"?"),
        ('delimiter: "\\n"', "delimiter: '\\n' has a line end or a NUL"),
        ("quote: x", "quote: 'x' is a letter, a digit or a blank"),
        ("quote: ','\ndelimiter: ','", "quote: ',' is part of the delimiter ','"),
        ("quote: ''\nescape: \\", "escape: there are no quotes to escape: quote is empty"),
        ('description: "\\a"', "description: '\\x07' has a control character"),
        ("header: false\ncolumns: []", "header: false needs columns, whose names the files' columns get"),
        ("header: false", "header: false needs columns, whose names the files' columns get"),
        ("a: &x 1\nb: *x", "*x is a YAML alias: write it out, or quote it"),
        ("header: !!python/none x", "tag:yaml.org,2002:python/none is a YAML tag: leave it out, or quote it"),
        ("header: true\n---\nheader: true", "not YAML: expected a single document in the stream"),
        ("[" * 2000, "nested deeper than a contract is"),
        (f"null_tokens: [{'a,' * 60_000}]", "more than 50000 names and values"),
        ("header: true #" + "x" * (256 << 10), "262158 bytes are more than the 262144 of the longest contract"),
        ('description: "\\UFFFFFFFF"', "not YAML: "),
        ("description: \x07", "the character 0x7 is not read here"),
        ("columns: [{name: _raw}]", "columns[0].name: '_raw' is not a name as Athena knows it; did you mean _raw_2?"),
        (f"columns: [{{name: {'a' * 300}}}]", "columns[0].name: has 300 characters; 255 are the most"),
        ("columns: [{name: a}, {name: a}]", "columns[1].name: 'a' is the name of columns[0] already"),
        ("columns: [{name: a, aliases: [b]}, {name: b}]", "columns[0].aliases[0]: 'b' means columns[1] already"),
        (
            "columns: [{name: a, aliases: [X]}, {name: b, aliases: [X]}]",
            "columns[1].aliases[0]: 'X' means columns[0] already",
        ),
        ("columns: [{name: a, date_format: '%d.%m.%Y'}]", "columns[0].date_format: needs type date or timestamp"),
        (
            "columns: [{name: a, type: bigint, date_format: '%d.%m.%Y'}]",
            "columns[0].date_format: needs type date or timestamp, not bigint",
        ),
        (
            "columns: [{name: a, number_format: '0%'}]",
            "columns[0].number_format: needs type bigint, double or decimal(…)",
        ),
        (
            "columns: [{name: a, type: bigint, number_format: x}]",
            "columns[0].number_format: 'x' is not written as #,##0.## or 0,00 or $0.00 or 0%",
        ),
        (
            "columns: [{name: a, type: date, date_format: dd.MM.yyyy}]",
            "columns[0].date_format: 'dd.MM.yyyy' is not a format of a date: it needs %Y or %y once",
        ),
        (
            "columns: [{name: a, description: 'x\n\n  y'}]",
            "columns[0].description: 'x\\ny' has a line end or a control character: write it in one line",
        ),
        ("partition_keys: {a: string}\ncolumns: [{name: a}]", "partition_keys.a: is a column too: rename one of them"),
        ("partition_keys: {a: double}", "partition_keys.a: 'double' is not a type of partition keys"),
        (
            "partition_keys: {DT: date}",
            "partition_keys.DT: 'DT' is not a partition key as Athena knows it; did you mean dt?",
        ),
    ],
)
def test_one_problem(text: str, problem: str) -> None:
    (line,) = told(text)
    assert line.split(": ", 1)[1].startswith(problem)


def test_text_that_is_not_utf8_or_yaml() -> None:
    with pytest.raises(TerminalError, match="line 2: not UTF-8: save it in that encoding"):
        parse_contract(b"header: true\ndescription: \xff\n", "x.yaml")
    assert told("header: true\ndescription: [a\n")[0].startswith("line 3: not YAML: while parsing a flow sequence")


def test_a_name_may_be_said_by_an_alias_that_cleans_to_another_column() -> None:
    contract = parse_contract(b"columns: [{name: a, aliases: [a+]}, {name: a_2, aliases: [a-]}]", "x.yaml")
    assert [rule.aliases for rule in contract.columns] == [("a+",), ("a-",)]


def test_at_most_fifty_problems_are_told() -> None:
    lines = told("".join(f"field_{number}: 1\n" for number in range(60)))
    assert len(lines) == 51
    assert lines[-1] == "and 10 more"
