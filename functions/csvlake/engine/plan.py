"""Decide, from the first records of a large file, how all of it will be stored. The guess is proven as it is used."""

import threading
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from csvlake.engine.blocks import Block
from csvlake.engine.cells import Cells
from csvlake.engine.fields import Field, Fields
from csvlake.engine.kinds import Kind, choose_format, glue_type, join, working_type
from csvlake.engine.misfits import Misfit
from csvlake.engine.model import RESCUED_COLUMN, Agree, Column
from csvlake.engine.nulls import take_nulls
from csvlake.engine.proven import Proven
from csvlake.engine.writer import writer_arguments

__all__ = ["Encodings", "Plan", "Watch", "choose_encodings", "make_plan", "prove_columns", "settle", "widen"]

_FEW = 8  # a dictionary pays where each text occurs so many times
_TELLING_BYTES = 4 << 10  # less text, such as one record before an odd quote, always looks dense
_DENSE = 0.96  # zstd is left out where it saves less


@dataclass(frozen=True)
class Encodings:
    """What pays for a file's columns.

    Attributes:
        writer: arguments for ``pyarrow.parquet.ParquetWriter``.
        dictionaries: by column, all the texts that were seen of one that has few.
    """

    writer: dict[str, Any]
    dictionaries: dict[str, pa.Array]


@dataclass(frozen=True)
class Plan:
    """What one pass over a file assumes.

    Attributes:
        kinds: of the columns, as far as the file was seen.
        wanted: what is written, in the same order.
        encodings: for row groups, whose last column is the rescued data.
    """

    kinds: tuple[Kind, ...]
    wanted: tuple[Column, ...]
    encodings: Encodings

    def schema(self) -> pa.Schema:
        """Return the Arrow schema in which row groups are written."""
        fields = [pa.field(column.name, working_type(column.type)) for column in self.wanted]
        return pa.schema([*fields, pa.field(RESCUED_COLUMN, pa.string())])


def settle(fields: Fields, kinds: Sequence[Kind], agree: Agree | None) -> tuple[Column, ...]:
    """Return the columns to write: their types by contract, kinds and agreement, and how their cells are read.

    Raises:
        ValueError: the answer is not about the same columns.
    """
    pairs = fields.keep(list(zip(fields.each, kinds, strict=True)))
    inferred = [_describe(field, kind, field.rule.type or glue_type(kind)) for field, kind in pairs]
    if agree is None:
        return tuple(inferred)
    wanted = agree(inferred)
    if [column.name for column in wanted] != [column.name for column in inferred]:
        raise ValueError("agree must return the columns that it was given, in their order")
    return tuple(_describe(field, kind, answer.type) for (field, kind), answer in zip(pairs, wanted, strict=True))


def _describe(field: Field, kind: Kind, type_: str) -> Column:
    format_ = choose_format(kind, type_, field.format_for(type_))
    return Column(field.column.name, type_, field.column.source_name, format_, kind.digits)


def make_plan(block: Block, fields: Fields, agree: Agree | None) -> Plan:
    """Guess from a file's first block."""
    kinds = tuple(column.kind for column in prove_columns(block, fields, fields.assume()))
    wanted = settle(fields, kinds, agree)
    return Plan(kinds, wanted, choose_encodings(block, fields, wanted))


def prove_columns(block: Block, fields: Fields, known: Sequence[Kind]) -> list[Proven]:
    """Return a block's columns without the cells that the contract names as null."""
    return [take_nulls(*three) for three in zip(block.columns, fields.each, known, strict=True)]


def choose_encodings(block: Block, fields: Fields, wanted: Sequence[Column]) -> Encodings:
    """Return what pays for a block: dictionaries for texts that recur, zstd where it saves."""
    arguments = writer_arguments(wanted)
    level = arguments["compression_level"]
    pairs = zip(wanted, fields.keep(block.columns), strict=True)
    texts = {column.name: proven.cells for column, proven in pairs if column.type == "string"}
    found = {name: pc.unique(cells.as_text()).drop_null() for name, cells in texts.items()}
    few = {name: distinct for name, distinct in found.items() if len(distinct) * _FEW < texts[name].count}
    arguments |= {"use_dictionary": list(few) or False, "store_schema": False}
    dense = {name for name, cells in texts.items() if name not in few and _is_dense(cells, level)}
    if dense:
        names = [column.name for column in wanted] + [RESCUED_COLUMN]
        arguments["compression"] = {name: "none" if name in dense else "zstd" for name in names}
        arguments["compression_level"] = {name: level for name in names if name not in dense}
    return Encodings(arguments, few)


def _is_dense(cells: Cells, level: int) -> bool:
    if len(cells.data) < _TELLING_BYTES:
        return False
    packed = pa.Codec("zstd", compression_level=level).compress(pa.py_buffer(cells.data), asbytes=True)
    return len(packed) > _DENSE * len(cells.data)


class Watch:
    """Join what threads see of the columns, and tell when a plan no longer holds. Thread-safe."""

    def __init__(self, plan: Plan, agree: Agree | None, fields: Fields, widened: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._plan = plan
        self._agree = agree
        self._fields = fields
        self.kinds = list(plan.kinds)
        self.widened = dict(widened)  # by column: why
        self.wanted = plan.wanted
        self.holds = True

    def see(self, kinds: Sequence[Kind], misfits: Sequence[Misfit] = ()) -> bool:
        """Take note of a block's kinds, and of columns whose misfits widen them; return whether the plan holds."""
        with self._lock:
            known = self.kinds
            if kinds == known and not misfits:  # as almost always, and of many columns
                return self.holds
            self.kinds = [join(*pair) for pair in zip(known, kinds, strict=True)]
            new = {misfit.column.name: misfit.describe_widened() for misfit in misfits if not misfit.is_empty}
            if self.kinds != known or new.keys() - self.widened.keys():
                self.widened |= {name: text for name, text in new.items() if name not in self.widened}
                self.wanted = widen(settle(self._fields, self.kinds, self._agree), self.widened.keys())
                # Once batches were left out it stays so, even if the plan comes true again.
                self.holds = self.holds and self.wanted == self._plan.wanted
            if any(_is_open(*three) for three in zip(known, kinds, self.kinds, strict=True)):
                self.holds = False
            return self.holds


def _is_open(known: Kind, kind: Kind, joined: Kind) -> bool:
    """Whether numbers stand beside doubles that were not looked at as doubles: the next pass does."""
    return joined.name == "double" and "number" in {known.name, kind.name}


def widen(columns: Sequence[Column], names: Set[str]) -> tuple[Column, ...]:
    """Return the columns with some of them as text."""
    return tuple(replace(column, type="string", format="") if column.name in names else column for column in columns)
