"""Write values back as the texts they were read from: what `csvlake.format` promises, written a second time."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

__all__ = ["FAMILIES", "is_text_of", "write"]

FAMILIES = [  # of cells that may well stand in one column
    ["01/02/2020", "31/01/2020", "01/31/2020", "1/2/2020", "11/12/2020", "10/1/2020", "30/2/2020"],
    ["01/02/2020 9:05", "1/2/2020 09:05", "31/12/2020 11:05", "12/31/2020 11:05", "12/11/2020 11:05"],
    ["0", "12", "1234", "0.5", "1,234", "1,234.5", "1,234,567", "123,456,789", "0,123", "-1,000", "1'234'567"],
    ["12,50", "1,2", "1.234,50", "1.234,5", "1.234.567,89", "12", "0,00", "1.234", "1,234", "-0,00"],
    ["0,50", "1 234,50", "12,50", "1 234", "1.234,50", "1\u202f234,50"],
    f"1e-05 1e5 1.5e5 0.1 0.1234567890123456 0.12345678901234567 12 1234567890123456 -0.0 0.{'1' * 30}".split(),
    ["Yes", "No", "yes", "Y"],
    ["True", "False", "true"],
    ["2020-01-01T10:00:00", "2020-01-01 10:00:00", "2020-01-01T10:00:00.5", "2020-01-01T10:00", "2020-01-01"],
]

_FIELD = re.compile(r"%(-?)([1-3]?)([A-Za-z])")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def write(value: Any, format_: str) -> str:
    """Return the text that a value of a column with a format had."""
    if isinstance(value, bool):
        return format_.split("/")[not value]
    if isinstance(value, date):
        return _FIELD.sub(lambda found: _write_field(value, *found.groups()), format_)
    found = re.fullmatch(r"([^#0]*)(?:#(.)##)?0(?:([.,])([0#]+))?([^#0]*)", format_)
    assert found
    prefix, group, mark, fraction, suffix = found.groups(default="")
    whole, _, digits = format(Decimal(value), "f").lstrip("-").partition(".")
    whole = f"{int(whole):,}".replace(",", group)
    digits = digits.rstrip("0").ljust(fraction.count("0"), "0")
    return f"{'-' if value < 0 else ''}{prefix}{whole}{mark + digits if digits else ''}{suffix}"


def _write_field(value: date, bare: str, digits: str, name: str) -> str:
    moment = value if isinstance(value, datetime) else datetime.combine(value, datetime.min.time())
    if name == "b":
        return _MONTHS[moment.month - 1]
    if name == "p":
        return "AM" if moment.hour < 12 else "PM"
    if name == "f":
        return f"{moment.microsecond // 1000:03}"[: int(digits)]
    numbers = {
        "Y": moment.year,
        "m": moment.month,
        "d": moment.day,
        "H": moment.hour,
        "I": (moment.hour + 11) % 12 + 1,
        "M": moment.minute,
        "S": moment.second,
    }
    return str(numbers[name]) if bare else f"{numbers[name]:0{4 if name == 'Y' else 2}}"


def is_text_of(value: Any, text: str, format_: str) -> bool:
    """Return whether a value gives a text back, up to what docs/types.md says is not told apart."""
    if value is None or isinstance(value, str):
        return (value or "") == text
    if isinstance(value, bool):
        return text == (write(value, format_) if format_ else str(value).lower())
    if isinstance(value, date):
        plain = "%Y-%m-%d %H:%M:%S" if isinstance(value, datetime) else "%Y-%m-%d"
        return write(value, format_ or plain) == text
    if isinstance(value, float):
        return _digits(repr(value)) == _digits(text) and float(text) == value and text[0] != "+"
    if not format_:
        return _without_zeros(format(Decimal(value), "f")) == _without_zeros(text)
    written = write(value, format_)
    mark = "," if ",0" in format_ else "."
    return written == text or (_without_zeros(text, mark) == written and "#" in format_.partition(mark)[2])


def _digits(text: str) -> str:
    return re.sub(r"[eE].*|[-.]", "", text).strip("0")


def _without_zeros(text: str, mark: str = ".") -> str:
    return text.rstrip("0").rstrip(mark) if mark in text else text
