"""What a Parquet object's metadata tells of its making."""

from dataclasses import replace

from csvlake.engine.model import Dialect, Report
from csvlake.lake.ports import ObjectInfo, Table
from csvlake.lake.stamp import Stamp

SOURCE = ObjectInfo("csv-files/t/x.csv", "abc", 12, version_id="v1")
TABLE = Table("t", (), (), "s3://lake/parquet-files/t/", "7", types_id="abcdef123456", contract="{}")


def stamp(**changes: object) -> Stamp:
    dialect = Dialect("\x1f", "«", None, "utf-8", None, True, 0, "\n")
    report = Report(dialect, (), records_read=3, rows_written=2, records_rejected=1, rows_rescued=1)
    made = Stamp.of(SOURCE, report, "0.1.0", TABLE)
    return Stamp(**{**vars(made), **changes})


def test_a_stamp_comes_back_as_it_was() -> None:
    assert Stamp.read(stamp().write()) == stamp()
    assert stamp().is_of(SOURCE, "0.1.0")


def test_metadata_is_ascii_and_small_enough() -> None:
    metadata = stamp(dialect="é" * 5000, source_key="k" * 1000).write()
    assert all(value.isascii() and value.isprintable() and value == value.strip() for value in metadata.values())
    assert all(name.startswith("csvlake-") and name == name.lower() for name in metadata)
    assert sum(len(name) + len(value) for name, value in metadata.items()) < 2048


def test_another_upload_or_version_is_not_the_same() -> None:
    for other in (
        ObjectInfo(SOURCE.key, "abd", 12, version_id="v1"),
        ObjectInfo(SOURCE.key, "abc", 13, version_id="v1"),
        ObjectInfo(SOURCE.key, "abc", 12, version_id="v2"),
        ObjectInfo(SOURCE.key, "abc", 12),
    ):
        assert not stamp().is_of(other, "0.1.0")
    assert not stamp().is_of(SOURCE, "0.2.0")


def test_what_we_did_not_write_has_no_stamp() -> None:
    assert Stamp.read({}) is None
    assert Stamp.read({**stamp().write(), "csvlake-records-read": "many"}) is None


def test_a_key_that_is_too_long_is_left_out() -> None:
    report = Report(Dialect(",", None, None, "utf-8", None, True, 0, "\n"), ())
    assert Stamp.of(ObjectInfo("é" * 300, "e", 1), report, "1", None).source_key == ""
    assert Stamp.of(ObjectInfo("é" * 100, "e", 1), report, "1", None).source_key == "é" * 100


def test_a_file_is_in_step_while_types_and_contract_stay() -> None:
    assert stamp().is_in_step(TABLE)
    assert stamp().is_in_step(replace(TABLE, version_id="8"))
    assert not stamp().is_in_step(replace(TABLE, types_id="other"))
    assert not stamp().is_in_step(replace(TABLE, contract=""))
