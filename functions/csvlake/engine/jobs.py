"""What all who convert ranges of one text have to know of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from csvlake.engine.cutter import Cutter
from csvlake.engine.dialect import decide
from csvlake.engine.fields import Fields, name_fields, obey
from csvlake.engine.kernel import translate
from csvlake.engine.layout import Layout
from csvlake.engine.model import Agree, ConvertOptions, Source
from csvlake.engine.pieces import Batch
from csvlake.engine.plan import Plan, make_plan
from csvlake.engine.sizes import Sizes, choose_sizes
from csvlake.engine.source import TextBytes, open_text
from csvlake.engine.stream import read_sample
from csvlake.engine.transcode import Encoding

__all__ = ["Job", "prepare"]


@dataclass(frozen=True)
class Job:
    """What all ranges have to know of a text.

    Attributes:
        layout: how records are written; its ``body_start`` and ``body_end`` are the bounds of all ranges.
        plan: what is assumed of the columns.
        verdict: on the source's encoding.
        widened: by column, why a misfit made it text.
    """

    layout: Layout
    fields: Fields
    plan: Plan
    verdict: Encoding
    sizes: Sizes
    widened: Mapping[str, str] = field(default_factory=dict)

    @property
    def body_end(self) -> int:
        """First byte behind the records."""
        assert self.layout.body_end is not None  # noqa: S101 - `prepare` sets it
        return self.layout.body_end

    def open(self, source: Source) -> TextBytes:
        """Return the source's text."""
        return TextBytes(source, b"", self.verdict)

    def cut(self, source: Source, start: int, end: int) -> Iterator[Batch]:
        """Yield the batches between two places at which records start."""
        layout = replace(self.layout, body_start=start, body_end=end)
        cutter = Cutter(self.open(source), layout, self.sizes.batch_bytes, self.sizes.piece_bytes)
        buffer = bytearray()
        while (batch := cutter.next(buffer)) is not None:
            yield batch
            buffer = batch.buffer


def prepare(source: Source, options: ConvertOptions | None = None, agree: Agree | None = None) -> Job | None:
    """Decide how a source is read and what its columns probably are.

    Returns:
        None for what has to be read from its start on: compressed, in an encoding other than UTF-8, with an escape
        sign or blanks between cells, or without a record.

    Raises:
        TerminalError: the file can never be converted as it is.
    """
    options = obey(options or ConvertOptions())
    text = open_text(source, options)
    layout = decide(text, options)
    if type(text) is not TextBytes or text.size is None or translate(layout) is None:
        return None
    layout = replace(layout, body_end=text.size if layout.body_end is None else layout.body_end)
    if layout.body_start == layout.body_end:
        return None
    sizes = choose_sizes(options.memory_bytes, getattr(source, "held_bytes", 0), layout.width)
    fields = name_fields(layout, options)
    plan = make_plan(read_sample(text, layout, fields, sizes.sample_bytes), fields, agree)
    return Job(layout, fields, plan, text.verdict, sizes)
