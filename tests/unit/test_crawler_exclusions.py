"""Glue's exclude patterns; the first cases are the documentation's own."""

import pytest

from local.glue.exclusions import PatternError, is_excluded


@pytest.mark.parametrize(
    ("pattern", "excluded", "kept"),
    [
        ("*.csv", "a.csv", "sub/a.csv"),
        ("*.*", "a.b", "ab"),
        ("*.{csv,avro}", "a.avro", "a.parquet"),
        ("foo.?", "foo.a", "foo.ab"),
        ("myfolder/*", "myfolder/a", "other/a"),
        ("myfolder/*/*", "myfolder/x/a", "myfolder/a"),
        ("myfolder/**", "myfolder/x/y/a", "other/x"),
        ("**.csv", "x/y/a.csv", "x/y/a.parquet"),
        ("departments/market*", "departments/market-us/a.parquet", "departments/finance/a.parquet"),
        ("year=201[0-4]/**", "year=2012/a", "year=2015/a"),
        ("x[!a]y", "xby", "xay"),
        (r"a\*b", "a*b", "axb"),
        ("**/_tmp/**", "a/_tmp/b", "a/tmp/b"),
    ],
)
def test_a_pattern_excludes_what_it_says(pattern: str, excluded: str, kept: str) -> None:
    assert is_excluded(excluded, [pattern])
    assert not is_excluded(kept, [pattern])
    assert not is_excluded(excluded, [])


@pytest.mark.parametrize("pattern", ["[a", "{a,b"])
def test_a_pattern_that_does_not_end_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        is_excluded("a", [pattern])
