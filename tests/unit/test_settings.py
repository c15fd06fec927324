"""The environment of the function and of the operator's commands, read once and checked."""

import os
from pathlib import Path

import pytest

from csvlake.settings import NoStackError, Settings, StackSettings, prepare_process, use_exports

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


def test_the_exports_of_make_up_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CSVLAKE_BUCKET", "CSVLAKE_WORKGROUP"):
        monkeypatch.setenv(name, "before")
    path = tmp_path / "env"
    path.write_text("# a note\nexport CSVLAKE_BUCKET='it'\"'\"'s=mine'\n\nexport CSVLAKE_WORKGROUP=w\nother\n")
    use_exports(path)
    assert (os.environ["CSVLAKE_BUCKET"], os.environ["CSVLAKE_WORKGROUP"]) == ("it's=mine", "w")
    assert StackSettings.are_given()


def test_a_stack_is_named_whole_or_not_at_all() -> None:
    names = ("bucket", "database", "workgroup", "convert_queue_url", "dlq_url", "event_dlq_url")
    given = {f"CSVLAKE_{name.upper()}": name for name in names}
    assert StackSettings.from_environment(given) == StackSettings(*names)
    with pytest.raises(NoStackError, match="lacks CSVLAKE_BUCKET, CSVLAKE_DATABASE"):
        StackSettings.from_environment({})


@pytest.mark.parametrize(("name", "ours"), [("ARROW_DEFAULT_MEMORY_POOL", "jemalloc"), ("OPENBLAS_NUM_THREADS", "1")])
def test_a_process_is_prepared_unless_somebody_did(monkeypatch: pytest.MonkeyPatch, name: str, ours: str) -> None:
    monkeypatch.delenv(name, raising=False)
    prepare_process()
    assert os.environ[name] == ours
    monkeypatch.setenv(name, "theirs")
    prepare_process()
    assert os.environ[name] == "theirs"
