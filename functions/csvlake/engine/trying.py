"""Decide on delimiter, quote and escape by trying all that could be, where counting is not enough."""

import re
from collections import Counter

from csvlake.engine.choice import QUOTED, STRONG, WEAK, Choice, Given, name_delimiter
from csvlake.engine.counting import find_filler
from csvlake.engine.looks import is_value, look_at, score_cells
from csvlake.engine.quoting import Kind, best_quotes, refuse_ambiguous
from csvlake.engine.sample import TRIAL_ROWS, Row, Trial
from csvlake.errors import TerminalError

__all__ = ["choose_delimiter"]

_TRIAL_BYTES = 128 << 10
_CELLS = 3000
_RUNS = re.compile(r"(?<=[\w\"'.)])([^\w\s\"'.()-]{2,4}| ?[|;,] )(?=[\w\"'(.-])")
Tried = tuple[float, str, Trial, Kind]  # score, delimiter
_ESCAPED = re.compile(rb'(?:"(?:[^"\\]|\\.)*+")++', re.DOTALL)
_SINGLE = re.compile(rb"(?:'(?:[^'\\]|\\.)*+')++", re.DOTALL)
_QUOTED_CELL = re.compile(rb"(?:^| )[\"']")
_POOR = 0.25  # a score below which ragged records hardly are a table, so that a rival need not be close
_FAR = 0.3
_QUOTED_LOOK = 0.85  # a word's
_CLOSE = 0.93  # of the best score: a rival this close leaves it undecided


def choose_delimiter(data: bytes, final: bool, given: Given, name: str) -> Choice:
    """Try every delimiter, quote and escape that could be, and take the one that makes the best table.

    Args:
        data: the text's first bytes.
        final: whether they are all.
        given: what the caller says; wins.
        name: of the file, for messages.

    Raises:
        TerminalError: two make about as good a table.
    """
    final = final and len(data) <= _TRIAL_BYTES
    data = data[:_TRIAL_BYTES]
    tried: list[Tried] = []
    for candidate in [given.delimiter] if given.delimiter else _candidates(data):
        trial, kind = best_quotes(data, final, candidate, given)
        tried.append((_score(trial, candidate, kind[0]), candidate, trial, kind))
    tried.sort(key=lambda t: -t[0])
    trial, kind = best_quotes(data, final, "", given)
    if given.delimiter is None and (not tried or tried[0][0] < _score_single(trial)):
        runner = f"; the best delimiter, {name_delimiter(tried[0][1])}, fits worse" if tried else ""
        unused = "," if b"," not in QUOTED.sub(b"", data) else "\x1f"  # a mark that no cell holds
        choice = Choice(unused, *kind, (f"no delimiter makes a table of several columns: one column{runner}",))
    else:
        _refuse_rival(tried, name)
        choice = Choice(tried[0][1], *tried[0][3], _explain(given.delimiter, tried))
    refuse_ambiguous(data, choice, given, name)
    return choice


def _refuse_rival(tried: list[Tried], name: str) -> None:
    """Raise when the second best is about as good."""
    score, best, trial, _ = tried[0]
    least = score * (_FAR if score < _POOR and trial.agreement < 1 else _CLOSE)
    rival = next((t for t in tried[1:] if t[2].mode > 1 and t[0] >= least and not _alike(best, t[1])), None)
    if rival is not None:
        raise TerminalError(
            "undecided_delimiter",
            f"{name} reads as well with {name_delimiter(best)} ({trial.mode} columns) as with "
            f"{name_delimiter(rival[1])} ({rival[2].mode} columns): set delimiter=, "
            "by --delimiter or a line of _contract.yaml",
        )


def _explain(given: str | None, tried: list[Tried]) -> tuple[str, ...]:
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
    bares = [QUOTED.sub(b'"', data)]
    if b'\\"' in data:
        bares.append(_ESCAPED.sub(b'"', data))
    if data.startswith(b"'"):
        bares.append(_SINGLE.sub(b"'", data))
    found: list[str] = []
    parts: set[str] = set()
    for bare in bares:
        found += _find_candidates(bare, parts)
    return list(dict.fromkeys(d for d in found if d not in parts))


def _find_candidates(bare: bytes, parts: set[str]) -> list[str]:
    """Return the delimiters that enough lines have outside their quotes; ``parts`` takes those of longer ones."""
    lines = [line for line in bare.splitlines() if line.strip()][:TRIAL_ROWS]
    if not lines:
        return []
    enough = max(1, len(lines) // 4)
    most = max(enough, 0.7 * len(lines))
    found = [d for d in STRONG if sum(d.encode() in line for line in lines) >= enough]
    found += [d for d in WEAK if sum(d[:1].encode() in line.strip(b" ") for line in lines) >= most]
    if " +" in found and not any(b"  " in line.strip(b" ") for line in lines):
        found.remove(" +")
    longer = {d: find_filler(lines, d) for d in found if d != " +"}
    parts.update(d for d, filled in longer.items() if filled)
    return [longer.get(d) or d for d in found] + _find_runs(lines)


def _find_runs(lines: list[bytes]) -> list[str]:
    """Return signs of several characters that nearly all lines have, the header's among them."""
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update(set(_RUNS.findall(line.decode("utf-8", "replace"))))
    headed = set(_RUNS.findall(lines[0].decode("utf-8", "replace")))
    often = [run for run, count in counts.most_common(6) if count >= max(2, 0.8 * len(lines)) or count == len(lines)]
    return [run for run in often if run in headed]


def _score(trial: Trial, delimiter: str, quote: str | None) -> float:
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
    if delimiter == " " and not (
        any(is_value(look_at(cell)) for cell in cells) or any(_QUOTED_CELL.search(row.raw) for row in trial.rows)
    ):
        return 0.0  # words are told apart by blanks in any text, such as a column of names
    weight = WEAK.get(delimiter, 1.0)
    looks = score_cells(cells)
    if looks < _QUOTED_LOOK and quote and all(_is_all_quoted(row, delimiter, quote) for row in trial.rows):
        looks = _QUOTED_LOOK  # what stands in quotes may look like anything
    return float(trial.agreement * looks**2 * (1 - 1 / (width + 1)) * weight * (1 - 0.5 * trial.oddity))


def _is_all_quoted(row: Row, delimiter: str, quote: str) -> bool:
    """Whether each cell of a record stands in quotes."""
    mark = quote.encode()
    between = row.raw.count(mark + delimiter.encode() + mark)
    return not row.cells or (row.raw[:1] == mark == row.raw[-1:] and between >= row.width - 1)


def _score_single(trial: Trial) -> float:
    """Return how good one column is: good when its cells are values that a delimiter would tear."""
    cells = [row.raw for row in trial.rows if row.cells][:_CELLS]
    values = sum(look_at(cell) in {"date", "time", "code", "number"} for cell in cells[1:])
    names = bool(cells) and not is_value(look_at(cells[0]))
    torn = names and any(d.encode() in cells[0] for d in STRONG)  # the header has several names
    return 0.55 if not torn and values and values > 0.9 * (len(cells) - 1) else 0.25 * score_cells(cells)
