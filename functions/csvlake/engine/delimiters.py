"""Decide on delimiter, quote and escape: by plain counts where they are decisive, by trying where they are not."""

import re
from dataclasses import dataclass

from csvlake.engine.grammar import compile_grammar
from csvlake.engine.looks import look_at, score_cells
from csvlake.engine.sample import Trial, read_rows
from csvlake.errors import TerminalError

__all__ = ["Choice", "choose_delimiter", "choose_plainly", "name_delimiter"]

_STRONG = (",", ";", "\t", "|", "\x1f")
_WEAK = {"^": 0.95, "~": 0.95, ":": 0.8, " +": 0.75, " ": 0.75}
_NAMES = {
    ",": "comma",
    ";": "semicolon",
    "\t": "tab",
    "|": "pipe",
    ":": "colon",
    "^": "caret",
    "~": "tilde",
    " ": "space",
    " +": "spaces",
    "\x1f": "unit separator",
}
_TRIAL_BYTES = 128 << 10
_TRIAL_ROWS = 1000
_CELLS = 3000
_ENDS = re.compile(rb"\r\n|\r|\n")
_QUOTED = re.compile(rb'(?:"[^"]*+")++')
_RUNS = re.compile(r"(?<=[\w\"'.)])([^\w\s\"'.()-]{2,4}| ?[|;,] )(?=[\w\"'(.-])")
Kind = tuple[str | None, str | None]  # quote, escape
_CLOSE = 0.93  # of the best score: a rival this close leaves it undecided


@dataclass(frozen=True)
class Choice:
    """How cells are told apart, and why we think so."""

    delimiter: str
    quote: str | None
    escape: str | None
    evidence: tuple[str, ...]
    uniform: bool = False  # every line of the sample is a record of one same width, and every quote is in its place


def name_delimiter(delimiter: str) -> str:
    """Return a delimiter as a person would call it."""
    return _NAMES.get(delimiter, repr(delimiter))


def choose_plainly(data: bytes, quote: str | None = None, only: str | None = None) -> Choice | None:
    """Return the delimiter that counting decides, or None when that is not enough.

    It is enough when by one of the usual delimiters every line has the same number of cells, by no other one, and
    quotes stand only where cells begin and end.

    Args:
        data: whole lines.
        quote: the quote given, if any.
        only: the delimiter given, if any.
    """
    if quote not in {None, '"'} or (only is not None and len(only) != 1) or b"\\" in data:
        return None
    bare = _QUOTED.sub(b'"', data) if b'"' in data else data
    lines = _ENDS.split(bare)
    if not lines[-1]:
        lines.pop()
    if len(lines) < 2 or not all(lines):
        return None
    found = []
    for delimiter in (only,) if only else _STRONG:
        mark = delimiter.encode()
        count = lines[0].count(mark)
        if count and all(line.count(mark) == count for line in lines):
            found.append((delimiter, count + 1))
        elif not only and count and delimiter != ",":
            return None  # it is in the header: worth a closer look
    if len(found) != 1:
        return None
    delimiter, width = found[0]
    mark = delimiter.encode()
    if b'"' in bare and not _quotes_at_bounds(bare, mark):
        return None
    if bare.count(mark + b" ") == bare.count(mark) or b"'" + mark + b"'" in bare:
        return None
    evidence = f"all {len(lines)} lines looked at have {width} cells by {name_delimiter(delimiter)}, and by no other"
    return Choice(delimiter, '"', None, (evidence,), uniform=True)


def _quotes_at_bounds(bare: bytes, mark: bytes) -> bool:
    """Whether every run of quotes, shrunk to one mark, is a whole cell."""
    m = re.escape(mark)
    whole = re.findall(rb"(?:(?<=[\r\n" + m + rb'])|\A)"(?=[\r\n' + m + rb"]|\Z)", bare)
    return len(whole) == bare.count(b'"')


def choose_delimiter(data: bytes, final: bool, delimiter: str | None, quote: str | None, name: str) -> Choice:
    """Try every delimiter, quote and escape that could be, and take the one that makes the best table.

    Args:
        data: the text's first bytes.
        final: whether they are all.
        delimiter: given, if any; wins.
        quote: given, if any (empty: none); wins.
        name: of the file, for messages.

    Raises:
        TerminalError: two make about as good a table.
    """
    final = final and len(data) <= _TRIAL_BYTES
    data = data[:_TRIAL_BYTES]
    candidates = [delimiter] if delimiter else _candidates(data)
    tried = []
    for candidate in candidates:
        trial, kind = _best_quotes(data, final, candidate, quote)
        tried.append((_score(trial, candidate), candidate, trial, kind))
    tried.sort(key=lambda t: -t[0])
    single = _single_column(data, final, quote)
    if delimiter is None and (not tried or tried[0][0] < single[0]):
        runner = f"; the best delimiter, {name_delimiter(tried[0][1])}, fits worse" if tried else ""
        unused = "," if b"," not in _QUOTED.sub(b"", data) else "\x1f"  # a mark that no cell holds
        return Choice(unused, *single[1], (f"no delimiter makes a table of several columns: one column{runner}",))
    score, best, trial, (mark, escape) = tried[0]
    rival = next((t for t in tried[1:] if t[2].mode > 1 and t[0] >= _CLOSE * score and not _alike(best, t[1])), None)
    if rival is not None:
        raise TerminalError(
            "undecided_delimiter",
            f"{name} reads as well with {name_delimiter(best)} ({trial.mode} columns) as with "
            f"{name_delimiter(rival[1])} ({rival[2].mode} columns): set delimiter=",
        )
    return Choice(best, mark, escape, _explain(delimiter, tried))


def _explain(given: str | None, tried: list[tuple[float, str, Trial, Kind]]) -> tuple[str, ...]:
    score, best, trial, (quote, escape) = tried[0]
    total = trial.widths.total()
    said = f"{name_delimiter(best)} was given" if given else name_delimiter(best)
    first = f"delimiter {said}: {trial.widths[trial.mode]} of {total} records looked at have {trial.mode} cells"
    evidence = [first]
    if len(tried) > 1 and tried[1][0] > 0:
        runner = tried[1]
        evidence.append(
            f"runner-up {name_delimiter(runner[1])} (score {runner[0]:.2f} against {score:.2f}): "
            f"{runner[2].widths[runner[2].mode]} of {runner[2].widths.total()} records have {runner[2].mode} cells"
        )
    if quote != '"':
        evidence.append(f"cells are quoted by {quote!r}" if quote else "quotes are text like any other")
    if escape:
        evidence.append("a quote inside quotes is escaped by a backslash")
    return tuple(evidence)


def _alike(one: str, other: str) -> bool:
    """Whether two delimiters differ only by blanks or by length, so that the better score may decide."""
    return one.strip(" +") in other or other.strip(" +") in one


def _candidates(data: bytes) -> list[str]:
    """Return the delimiters worth trying, the usual ones first."""
    lines = [line for line in _ENDS.split(_QUOTED.sub(b'"', data)) if line.strip()][:_TRIAL_ROWS]
    if not lines:
        return []
    enough = max(1, len(lines) // 4)
    found = [d for d in _STRONG if sum(d.encode() in line for line in lines) >= enough]
    weak = [
        d for d in _WEAK if sum(d[:1].encode() in line.strip(b" ") for line in lines) >= max(enough, 0.7 * len(lines))
    ]
    if " +" in weak and not any(b"  " in line.strip(b" ") for line in lines):
        weak.remove(" +")
    counts: dict[str, int] = {}
    for line in lines:
        for run in set(_RUNS.findall(line.decode("utf-8", "replace"))):
            counts[run] = counts.get(run, 0) + 1
    runs = [run for run, count in counts.items() if count >= max(2, 0.8 * len(lines)) or count == len(lines)]
    return found + weak + runs[:6]


def _best_quotes(data: bytes, final: bool, delimiter: str, quote: str | None) -> tuple[Trial, Kind]:
    """Return the best way of quoting with one delimiter: the double quote unless another one is plainly better."""
    kinds: list[Kind] = [(quote if quote is not None else '"', None)]
    kinds[0] = (kinds[0][0] or None, None)
    if quote is None:
        if b'"' in data:
            kinds.append((None, None))
        if b"'" in data and _wraps(data, delimiter):
            kinds.insert(0, ("'", None))
    if b"\\" in data:
        marks = [k[0] for k in kinds]
        kinds += [
            (m, "\\")
            for m in marks
            if b"\\" + (m or delimiter[:1]).encode() in data or b"\\" + delimiter[:1].encode() in data
        ]
    best: tuple[float, Trial, Kind] | None = None
    for kind in kinds:
        trial = read_rows(data, compile_grammar(delimiter, *kind), final, _TRIAL_ROWS)
        fit = trial.agreement - 0.5 * trial.oddity
        if kind[0] is None and quote is None:
            fit -= _wrapped_share(trial) + (0.1 if not best or best[1].oddity == 0 else 0.0)
        if best is None or fit > best[0] + 0.01:
            best = (fit, trial, kind)
    assert best is not None  # noqa: S101 - there is always a kind
    return best[1], best[2]


def _wraps(data: bytes, delimiter: str) -> bool:
    """Whether half of the lines have a cell in single quotes, and hardly a cell begins with one and goes on."""
    d = re.escape(delimiter[:1].encode())
    begins = rb"(?:(?<=[\r\n" + d + rb"])|\A)'"
    whole = re.findall(begins + rb"(?:[^'\r\n]|'')*+'(?=[\r\n" + d + rb"]|\Z)", data)
    lines = max(1, len(_ENDS.findall(data)))
    return len(whole) >= max(2, lines / 2) and len(whole) >= 0.9 * len(re.findall(begins, data)) and b'"' not in data


def _wrapped_share(trial: Trial) -> float:
    """Share of the rows with a cell that stands in double quotes, seen when they are read as text."""
    rows = [row for row in trial.rows if row.cells]
    return (
        sum(any(len(c) > 1 and c[:1] == c[-1:] == b'"' for c in row.cells) for row in rows) / len(rows) if rows else 0.0
    )


def _score(trial: Trial, delimiter: str) -> float:
    """Return how good a table a trial is: rows that agree, cells that look whole, columns that pay."""
    width = trial.mode
    if width < 2:
        return 0.0
    cells: list[bytes] = []
    for row in trial.rows:
        if row.width == width:
            cells.extend(row.cells)
            if len(cells) > _CELLS:
                break
    weight = _WEAK.get(delimiter, 1.0)
    looks = score_cells(cells)
    return float(trial.agreement * looks**2 * (1 - 1 / (width + 1)) * weight * (1 - 0.5 * trial.oddity))


def _single_column(data: bytes, final: bool, quote: str | None) -> tuple[float, Kind]:
    """Return what a table of one column would score."""
    mark = quote if quote is not None else '"'
    trial = read_rows(data, compile_grammar("", mark or None, None), final, _TRIAL_ROWS)
    cells = [row.raw for row in trial.rows if row.cells][:_CELLS]
    values = sum(look_at(cell) in {"date", "time", "code", "number"} for cell in cells[1:])
    share = values / max(1, len(cells) - 1)
    return (0.55 if share > 0.9 and len(cells) > 1 else 0.25 * score_cells(cells)), (mark or None, None)
