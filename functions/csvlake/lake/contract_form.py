"""What a contract may hold: the one description from which it is read, and its JSON Schema made."""

import re
from typing import Any, get_args

from csvlake.engine.contract import DATE_DIRECTIVES, OnMissingColumn, OnNewColumn, ProjectionType
from csvlake.engine.encodings import given_encoding
from csvlake.engine.kinds import GLUE_TYPES
from csvlake.engine.model import OnMisfit
from csvlake.engine.names import RESERVED_NAMES, clean_names
from csvlake.errors import TerminalError
from csvlake.lake.form import Choice, Flag, Text, Whole, suggest
from csvlake.lake.form_tree import Entries, Field, Fields, Items
from csvlake.lake.partition_values import KEY_TYPES
from csvlake.lake.projection import PROJECTED_FORMATS, PROJECTION_FIELDS

__all__ = ["CONTRACT_FORM", "make_schema"]

_PLAIN_TYPES = tuple(name for name in GLUE_TYPES if "(" not in name)
_TYPES = (*_PLAIN_TYPES, *(f"decimal({digits},{scale})" for digits in (18, 38) for scale in range(digits + 1)))
_TOLD_TYPES = f"{', '.join(_PLAIN_TYPES)}, decimal(18,0) to decimal(18,18) and decimal(38,0) to decimal(38,38)"
_MEANT_TYPES = {
    **dict.fromkeys(("int", "integer", "tinyint", "smallint", "long", "int64", "int32", "number"), "bigint"),
    **dict.fromkeys(("float", "real", "float64", "double precision"), "double"),
    **dict.fromkeys(("text", "str", "varchar", "char", "object"), "string"),
    **dict.fromkeys(("datetime", "timestamp without time zone"), "timestamp"),
    "bool": "boolean",
}
_DECIMAL = re.compile(r"(?:decimal|numeric|number|dec)\((\d{1,2}),(\d{1,2})\)")
_MEANT_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # not in Glue's descriptions and comments
_ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "windows-1252", "iso-8859-1", "iso-8859-15", "shift_jis")


def make_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of contracts; docs/contract.schema.json is this."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "csvlake contract",
        "description": "What a table's owner says of its CSV files: csv-files/<table>/_contract.yaml",
        **CONTRACT_FORM.schema(),
    }


def _rule_of(kind: str, own: tuple[str, ...]) -> dict[str, Any]:
    """Return the JSON Schema of what projections of one type have, the first of their own fields being required."""
    others = sorted({name for names in PROJECTION_FIELDS.values() for name in names} - {*own})
    then: dict[str, Any] = {"properties": dict.fromkeys(others, False)}
    return {
        "if": {"properties": {"type": {"const": kind}}},
        "then": then | ({"required": list(own[:1])} if own else {}),
    }


def _guess_type(text: str) -> str | None:
    """Return the type that csvlake has for what other systems call otherwise."""
    word = re.sub(r"\s+", " ", text.strip().lower())
    found = _DECIMAL.fullmatch(word.replace(" ", ""))
    if found:
        digits, scale = int(found[1]), int(found[2])
        return f"decimal({18 if digits <= 18 else 38},{scale})" if scale <= digits <= 38 else None
    word = re.sub(r"\(.*\)", "", word)
    return _MEANT_TYPES.get(word, word if word in _PLAIN_TYPES else None)


def _find_name_fault(name: str) -> str | None:
    clean = clean_names([name])[0]
    return None if clean == name else f"is not a name as Athena knows it; did you mean {clean}?"


def _find_key_fault(name: str) -> str | None:
    clean = clean_names([name])[0].lstrip("_")
    return None if clean == name else f"is not a partition key as Athena knows it; did you mean {clean or 'another'}?"


def _find_delimiter_fault(text: str) -> str | None:
    meant = _MEANT_DELIMITERS.get(text.lower())
    if meant is not None:
        return 'is not what stands between cells; did you mean "\\t"?' if meant == "\t" else f'did you mean "{meant}"?'
    return "has a line end or a NUL" if re.search(r"[\r\n\0]", text) else None


def _find_quote_fault(text: str) -> str | None:
    return "is a letter, a digit or a blank" if text.isalnum() or text.isspace() else None


def _find_encoding_fault(text: str) -> str | None:
    try:
        given_encoding(text)
    except (TerminalError, ValueError):
        return f"is not an encoding known here{suggest(text, _ENCODINGS)}"
    return None


def _find_line_fault(text: str) -> str | None:
    return "has a line end or a control character: write it in one line" if _CONTROL.search(text) else None


def _find_control_fault(text: str) -> str | None:
    return "has a control character" if _CONTROL.search(re.sub("[\t\n]", "", text)) else None


_NAME = Text(r"^[a-z0-9_]+$", _find_name_fault, most=255, barred=sorted(RESERVED_NAMES))
_KEY = Text(r"^[a-z0-9][a-z0-9_]*$", _find_key_fault, most=255)
_TOKENS = Items(Text(), '["NA", "-"]')

_COLUMN = Fields(
    {
        "name": Field(_NAME, "The column's name in Athena: a-z, 0-9 and _."),
        "type": Field(
            Choice("a type", _TYPES, _guess_type, _TOLD_TYPES), "The column's type; left out: found out from the files."
        ),
        "aliases": Field(
            Items(Text(), '["Order No", "Bestellnr."]'),
            "Other header texts that mean this column, as files spell them.",
        ),
        "required": Field(Flag(), "Every file must have the column, and each of its cells a value.", False),
        "date_format": Field(
            Text(), f"How dates are written, of {' '.join(DATE_DIRECTIVES)}; for type date or timestamp only."
        ),
        "number_format": Field(
            Text(), 'How numbers are written, as "#,##0.##", "0,00 €" or "0%"; for number types only.'
        ),
        "null_tokens": Field(_TOKENS, "Cells of this column that mean null, besides the empty one."),
        "description": Field(Text(fault=_find_line_fault, most=255), "Shown as the column's comment."),
    },
    "name: amount",
    ("name",),
    {
        "dependentSchemas": {
            "date_format": {"required": ["type"], "properties": {"type": {"enum": ["date", "timestamp"]}}},
            "number_format": {
                "required": ["type"],
                "properties": {"type": {"pattern": r"^(bigint|double|decimal\(.*\))$"}},
            },
        }
    },
)

_RANGE = Items(Text(), '["2020-01-01", "NOW"]', 2, 2, is_set=False)
_PROJECTION = Fields(
    {
        "type": Field(Choice("a projection", get_args(ProjectionType)), "How the key's values are counted out."),
        "values": Field(Items(Text(), '["eu", "us"]', 1), "enum: all values there are."),
        "range": Field(_RANGE, "integer, date: the first and the last value."),
        "digits": Field(Whole(1, 18), "integer: how many digits folders have, 2 for 01; left out: as many as needed."),
        "format": Field(
            Choice("a format of projected dates", PROJECTED_FORMATS), "date: how folders spell dates.", "%Y-%m-%d"
        ),
    },
    "{type: injected}",
    ("type",),
    {"allOf": [_rule_of(kind, own) for kind, own in PROJECTION_FIELDS.items()]},
)

CONTRACT_FORM = Fields(
    {
        "description": Field(Text(fault=_find_control_fault, most=2048), "What the table is; Glue shows it."),
        "columns": Field(Items(_COLUMN, "- name: amount"), "What is known of columns, in the files' order."),
        "delimiter": Field(Text(fault=_find_delimiter_fault, most=8), "What stands between cells."),
        "quote": Field(Text(fault=_find_quote_fault, least=0, most=1), 'What is put around cells; "" for nothing.'),
        "escape": Field(
            Text(fault=_find_quote_fault, least=0, most=1), 'What takes the meaning from the next quote; "": nothing.'
        ),
        "encoding": Field(Text(fault=_find_encoding_fault), "The files' encoding, as Python names it."),
        "header": Field(Flag(), "Whether there is a header; false: the columns are those above, in their order."),
        "null_tokens": Field(_TOKENS, "Cells that mean null in columns that are no string, besides the empty one."),
        "on_misfit": Field(
            Choice("a policy", get_args(OnMisfit)),
            "What becomes of a cell that does not fit its column's type.",
            "rescue",
        ),
        "on_new_column": Field(
            Choice("a policy", get_args(OnNewColumn)),
            "What becomes of a column that is not among columns, where those are given.",
            "add",
        ),
        "on_missing_column": Field(
            Choice("a policy", get_args(OnMissingColumn)),
            "What becomes of a file that lacks one of the columns.",
            "null",
        ),
        "partition_keys": Field(
            Entries(_KEY, Choice("a type of partition keys", KEY_TYPES, _guess_type), "dt: date"),
            "The k=v folders of the files' keys, in their order, and the types of their values.",
        ),
        "projection": Field(
            Entries(_KEY, _PROJECTION, "dt: {type: date, range: [2020-01-01, NOW]}"),
            "How Athena counts out the partitions by itself; for all keys or for none.",
        ),
    },
    'delimiter: ";"',
)
