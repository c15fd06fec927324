"""Exclude patterns of a crawler's S3 target.

https://docs.aws.amazon.com/glue/latest/dg/define-crawler-choose-data-sources.html
"""

import re
from functools import cache


class PatternError(ValueError):
    """A pattern that does not end what it begins."""


@cache
def compile_pattern(pattern: str) -> re.Pattern[str]:
    r"""Return the regular expression of a pattern.

    `*` stays within a folder, `**` crosses folders, `?` is one character, `[a-z]` one of several and `[!a-z]` one of
    no such, `{a,b}` one of several patterns, and `\` takes the next character as it is.

    Raises:
        PatternError: a bracket or brace is not closed.
    """
    out, at, depth = [], 0, 0
    while at < len(pattern):
        char = pattern[at]
        if pattern.startswith("**", at):
            out.append(".*")
            at += 2
            continue
        if char == "[":
            end = pattern.find("]", at + 2)
            if end < 0:
                raise PatternError(f"{pattern!r} does not close its [")
            inner = pattern[at + 1 : end].replace("\\", r"\\")
            out.append(f"(?!/)[{'^' + inner[1:] if inner[0] == '!' else inner}]")
            at = end + 1
            continue
        if char == "\\" and at + 1 < len(pattern):
            at += 1
            out.append(re.escape(pattern[at]))
        elif char == "{":
            depth += 1
            out.append("(?:")
        elif char == "}" and depth:
            depth -= 1
            out.append(")")
        elif char == "," and depth:
            out.append("|")
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char)))
        at += 1
    if depth:
        raise PatternError(f"{pattern!r} does not close its {{")
    return re.compile("".join(out), re.DOTALL)


def is_excluded(path: str, patterns: list[str]) -> bool:
    """Whether an object, by its path below the target, is excluded, itself or by a folder that it is in."""
    parts = path.split("/")
    paths = [
        path,
        *("/".join(parts[:n]) for n in range(1, len(parts))),
        *("/".join(parts[:n]) + "/" for n in range(1, len(parts))),
    ]
    return any(compile_pattern(pattern).fullmatch(candidate) for pattern in patterns for candidate in paths)
