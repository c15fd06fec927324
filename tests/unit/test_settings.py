"""The function's environment, read once and checked."""

import pytest

from csvlake.settings import Settings

REQUIRED = {"CSVLAKE_BUCKET": "lake", "CSVLAKE_DATABASE": "db", "CSVLAKE_QUEUE_URL": "q"}


def test_the_defaults_need_three_variables() -> None:
    settings = Settings.from_environment(REQUIRED)
    assert (settings.source_prefix, settings.target_prefix, settings.meta_prefix) == (
        "csv-files/",
        "parquet-files/",
        "meta/",
    )
    assert (settings.catalog_mode, settings.memory_bytes) == ("direct", 435 << 20)


def test_everything_can_be_told() -> None:
    told = {
        **REQUIRED,
        "CSVLAKE_SOURCE_PREFIX": "in/",
        "CSVLAKE_CATALOG_MODE": "crawler",
        "CSVLAKE_CRAWLER_NAME": "c",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1000",
    }
    settings = Settings.from_environment(told)
    assert (settings.source_prefix, settings.catalog_mode) == ("in/", "crawler")
    assert (settings.crawler_name, settings.queue_url, settings.memory_bytes) == ("c", "q", 850 << 20)
    assert Settings.from_environment({**told, "CSVLAKE_MEMORY_MB": "2000"}).memory_bytes == 1700 << 20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"CSVLAKE_BUCKET": ""}, "CSVLAKE_BUCKET is not set"),
        ({"CSVLAKE_DATABASE": ""}, "CSVLAKE_DATABASE is not set"),
        ({"CSVLAKE_QUEUE_URL": ""}, "CSVLAKE_QUEUE_URL is not set"),
        ({"CSVLAKE_CATALOG_MODE": "both"}, "use direct or crawler"),
        ({"CSVLAKE_CATALOG_MODE": "crawler"}, "set CSVLAKE_CRAWLER_NAME"),
        ({"CSVLAKE_META_PREFIX": "meta"}, "must end with a slash"),
        ({"CSVLAKE_META_PREFIX": "/meta/"}, "must end with a slash"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings.from_environment({**REQUIRED, **change})


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    assert Settings.from_environment().bucket == "lake"
