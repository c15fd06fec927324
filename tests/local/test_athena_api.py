"""The local Athena over its API: queries, the judge's verdicts, DDL, workgroups, and the clients that people use.

All of it happens in an account of its own, beside whatever else is deployed. Where `ENGINE=trino make up` runs, it is
Trino that is asked.
"""

import datetime
import io
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import awswrangler as wr
import boto3
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyathena
import pytest
import sqlalchemy
from botocore.exceptions import ClientError

from local.server import ACCESS_KEY, REGION, TRINO, Server

ACCOUNT = "222233334444"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
SERDE = f"{PARQUET}.serde.ParquetHiveSerDe"
COLUMNS = {
    "id": "bigint", "cust": "string", "amt": "decimal(18,2)", "ts": "timestamp", "dt": "date", "ok": "boolean",
    "x": "double",
}  # fmt: skip
ROWS = pa.table(
    {
        "id": [1, 2, 3],
        "cust": ["a", "b", None],
        "amt": pa.array([Decimal("1.10"), Decimal("20.05"), None], pa.decimal128(18, 2)),
        "ts": pa.array(
            [datetime.datetime(2026, 1, 1, 10), datetime.datetime(2026, 2, 1, 0, 0, 1, 500000), None],
            pa.timestamp("ms"),
        ),
        "dt": [datetime.date(2026, 1, 1), datetime.date(2026, 2, 1), None],
        "ok": [True, False, None],
        "x": [1.5, 2e10, None],
    }
)


@dataclass
class Lake:
    """A bucket, a database and a workgroup."""

    url: str
    session: boto3.Session
    bucket: str
    database: str = "db"
    group: str = "wg"
    key: str = ACCOUNT

    def __post_init__(self) -> None:
        self.s3: Any = self.session.client("s3", endpoint_url=self.url)
        self.glue: Any = self.session.client("glue", endpoint_url=self.url)
        self.athena: Any = self.session.client("athena", endpoint_url=self.url)

    def put(self, key: str, table: pa.Table, **options: Any) -> None:
        sink = io.BytesIO()
        pq.write_table(table, sink, **options)
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=sink.getvalue())

    def table(self, columns: dict[str, str], keys: dict[str, str] | None = None, **parameters: str) -> str:
        name = f"t_{uuid.uuid4().hex[:8]}"
        described = [{"Name": column, "Type": kind} for column, kind in columns.items()]
        self.glue.create_table(
            DatabaseName=self.database,
            TableInput={
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {key.replace("__", "."): value for key, value in parameters.items()},
                "PartitionKeys": [{"Name": column, "Type": kind} for column, kind in (keys or {}).items()],
                "StorageDescriptor": {
                    "Columns": described,
                    "Location": f"s3://{self.bucket}/{name}/",
                    "InputFormat": f"{PARQUET}.MapredParquetInputFormat",
                    "OutputFormat": f"{PARQUET}.MapredParquetOutputFormat",
                    "SerdeInfo": {"SerializationLibrary": SERDE},
                },
            },
        )
        return name

    def run(self, sql: str, **more: Any) -> dict[str, Any]:
        """Run a statement to its end; return GetQueryExecution's answer."""
        started = self.athena.start_query_execution(
            QueryString=sql, QueryExecutionContext={"Database": self.database}, WorkGroup=self.group, **more
        )
        while True:
            found = self.athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])["QueryExecution"]
            if found["Status"]["State"] not in {"QUEUED", "RUNNING"}:
                return dict(found)
            time.sleep(0.01)

    def rows(self, sql: str, **more: Any) -> list[list[str | None]]:
        """Return a statement's rows, without the header."""
        found = self.run(sql, **more)
        assert found["Status"]["State"] == "SUCCEEDED", found["Status"].get("StateChangeReason")
        pages = self.athena.get_paginator("get_query_results").paginate(QueryExecutionId=found["QueryExecutionId"])
        rows = [
            [cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]
        ]
        return rows[1:] if found["SubstatementType"] in {"SELECT", "EXECUTE"} else rows

    def reason(self, sql: str) -> str:
        """Return why a statement failed."""
        found = self.run(sql)
        assert found["Status"]["State"] == "FAILED"
        return str(found["Status"]["StateChangeReason"])


@pytest.fixture(scope="module")
def lake(server: Server) -> Lake:
    key = ACCESS_KEY if server.engine == TRINO else ACCOUNT  # Trino serves the account of the deployment alone
    session = boto3.Session(aws_access_key_id=key, aws_secret_access_key="test", region_name=REGION)
    made = Lake(server.endpoint_url, session, f"athena-{uuid.uuid4().hex[:12]}", f"db_{uuid.uuid4().hex[:8]}",
                f"wg-{uuid.uuid4().hex[:8]}", key)  # fmt: skip
    made.s3.create_bucket(Bucket=made.bucket)
    made.glue.create_database(DatabaseInput={"Name": made.database})
    results = {"OutputLocation": f"s3://{made.bucket}/athena-queries/"}
    made.athena.create_work_group(
        Name=made.group, Configuration={"ResultConfiguration": results, "EnforceWorkGroupConfiguration": True}
    )
    return made


@pytest.fixture(scope="module")
def orders(lake: Lake) -> str:
    name = lake.table(COLUMNS, {"region": "string"})
    lake.put(f"{name}/region=eu/a.parquet", ROWS)
    lake.put(f"{name}/region=us/b.parquet", ROWS.slice(0, 1))
    lake.run(f"MSCK REPAIR TABLE `{name}`;")
    return name


def test_select_gives_every_type_as_athena_writes_it(lake: Lake, orders: str) -> None:
    found = lake.run(
        f'-- {{"a": 1}}\nSELECT * FROM awsdatacatalog."{lake.database.upper()}".{orders} ORDER BY id, region;'
    )
    first = ["1", "a", "1.10", "2026-01-01 10:00:00.000", "2026-01-01", "true", "1.5", "eu"]
    answer = lake.athena.get_query_results(QueryExecutionId=found["QueryExecutionId"])["ResultSet"]
    rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in answer["Rows"]]
    assert rows[0] == [*COLUMNS, "region"]
    assert rows[1] == first
    assert rows[4] == ["3", None, None, None, None, None, None, "eu"]
    types = [
        (column["Type"], column["Precision"], column["Scale"]) for column in answer["ResultSetMetadata"]["ColumnInfo"]
    ]
    assert types[:4] == [("bigint", 19, 0), ("varchar", 2147483647, 0), ("decimal", 18, 2), ("timestamp", 3, 0)]
    body = lake.s3.get_object(Bucket=lake.bucket, Key=found["ResultConfiguration"]["OutputLocation"].split("/", 3)[3])
    lines = body["Body"].read().decode().splitlines()
    assert lines[1] == ",".join(f'"{cell}"' for cell in first)
    assert lines[4] == '"3",,,,,,,"eu"'


def test_partitions_are_pruned_and_only_read_columns_are_billed(lake: Lake, orders: str) -> None:
    everything = lake.run(f"SELECT * FROM {orders}")["Statistics"]["DataScannedInBytes"]
    one = lake.run(f"SELECT id FROM {orders} WHERE region = 'us'")["Statistics"]["DataScannedInBytes"]
    assert 0 < one < everything / 5
    assert lake.rows(f"SELECT sum(id) FROM {orders} WHERE region IN ('us', 'zz') AND region > 'a'") == [["1"]]
    assert lake.run(f"SELECT count(*) FROM {orders}")["Statistics"]["DataScannedInBytes"] == 0


def test_hidden_columns(lake: Lake, orders: str) -> None:
    (row,) = lake.rows(f"""SELECT "$path", "$file_size" > 0, * FROM {orders} WHERE region = 'us'""")
    assert row[:3] == [f"s3://{lake.bucket}/{orders}/region=us/b.parquet", "true", "1"]
    assert len(row) == 2 + len(COLUMNS) + 1


def test_pages(lake: Lake, orders: str) -> None:
    found = lake.run("SELECT n FROM unnest(sequence(1, 7)) AS t (n) ORDER BY n")
    asked = {"QueryExecutionId": found["QueryExecutionId"], "MaxResults": 3}
    first = lake.athena.get_query_results(**asked)
    second = lake.athena.get_query_results(**asked, NextToken=first["NextToken"])
    values = [row["Data"][0]["VarCharValue"] for page in (first, second) for row in page["ResultSet"]["Rows"]]
    assert values == ["n", "1", "2", "3", "4", "5"]


def test_a_file_whose_type_differs_fails_the_columns_that_are_read(lake: Lake) -> None:
    name = lake.table({"id": "bigint", "n": "bigint"})
    lake.put(f"{name}/good.parquet", pa.table({"id": [1], "n": [2]}))
    lake.put(f"{name}/bad.parquet", pa.table({"id": ["x"], "n": [3]}))
    assert lake.reason(f"SELECT id FROM {name}") == (
        f"HIVE_BAD_DATA: Field id's type BINARY in parquet file s3://{lake.bucket}/{name}/bad.parquet is incompatible "
        "with type bigint defined in table schema"
    )
    assert lake.rows(f"SELECT sum(n) FROM {name}") == [["5"]]
    assert "Field id's" in lake.reason(f"SELECT * FROM {name}")


@pytest.mark.parametrize("body", [b"a,b\n1,2\n3,4\n5,6", b"", b"PAR1"])
def test_what_is_not_parquet_fails_every_query(lake: Lake, body: bytes) -> None:
    name = lake.table({"id": "bigint"})
    lake.s3.put_object(Bucket=lake.bucket, Key=f"{name}/x.csv", Body=body)
    assert f"s3://{lake.bucket}/{name}/x.csv is not a valid Parquet File" in lake.reason(f"SELECT count(*) FROM {name}")


def test_hidden_names_and_missing_places_hold_no_rows(lake: Lake) -> None:
    name = lake.table({"id": "bigint"})
    assert lake.rows(f"SELECT count(*) FROM {name}") == [["0"]]
    lake.s3.put_object(Bucket=lake.bucket, Key=f"{name}/_SUCCESS", Body=b"x")
    lake.s3.put_object(Bucket=lake.bucket, Key=f"{name}/.part/x", Body=b"x")
    assert lake.rows(f"SELECT * FROM {name}") == []


def test_a_file_uploaded_again_is_read_anew(lake: Lake) -> None:
    name = lake.table({"id": "bigint"})
    for value in (1, 2):
        lake.put(f"{name}/a.parquet", pa.table({"id": [value]}))
        assert lake.rows(f"SELECT id FROM {name}") == [[str(value)]]


def test_columns_missing_extra_reordered_and_in_other_case(lake: Lake) -> None:
    name = lake.table({"id": "bigint", "late": "date"})
    lake.put(f"{name}/a.parquet", pa.table({"extra": ["e"], "ID": [1]}))
    lake.put(f"{name}/b.parquet", pa.table({"late": [datetime.date(2026, 1, 1)], "id": pa.array([2], pa.int32())}))
    assert lake.rows(f"SELECT * FROM {name} ORDER BY id") == [["1", None], ["2", "2026-01-01"]]


def test_a_name_with_a_dot_is_refused(lake: Lake) -> None:
    name = lake.table({"a.b": "bigint", "a'b": "bigint", 'a"b': "bigint"})
    lake.put(f"{name}/f.parquet", pa.table({"a.b": [1], "a'b": [2], 'a"b': [3]}))
    assert lake.rows(f'SELECT "a\'b", "a""b" FROM {name}') == [["2", "3"]]
    assert lake.reason(f'SELECT "a.b" FROM {name}').startswith("NOT_SUPPORTED: The name of the column a.b")


def test_projected_partitions(lake: Lake) -> None:
    name = lake.table(
        {"v": "bigint"}, {"y": "int", "m": "string"}, projection__enabled="true", projection__y__type="integer",
        projection__y__range="2025,2027", projection__m__type="integer", projection__m__range="1,12",
        projection__m__digits="2",
    )  # fmt: skip
    lake.put(f"{name}/y=2026/m=01/a.parquet", pa.table({"v": [1]}))
    lake.put(f"{name}/y=2026/m=11/a.parquet", pa.table({"v": [11]}))
    assert lake.rows(f"SELECT v, y, m FROM {name} WHERE y = 2026 AND m >= '02'") == [["11", "2026", "11"]]
    assert lake.rows(f"SELECT sum(v) FROM {name}") == [["12"]]


def test_a_partition_value_that_is_none_of_its_key(lake: Lake) -> None:
    name = lake.table({"v": "bigint"}, {"p": "int"})
    lake.rows(f"ALTER TABLE {name} ADD PARTITION (p = 'x')")
    assert lake.reason(f"SELECT * FROM {name}").startswith("HIVE_INVALID_PARTITION_VALUE: Invalid partition value 'x'")


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT * FROM nope", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.{db}.nope' does not exist"),
        ("SELECT * FROM no.pe", "SCHEMA_NOT_FOUND: line 1:18: Schema 'no' does not exist"),
        ("DELETE FROM x", "NOT_SUPPORTED: DELETE is not supported by the local Athena"),
        ("DROP TABLE nope", "FAILED: SemanticException [Error 10001]: Table not found {db}.nope"),
    ],
)
def test_errors_have_athenas_words(lake: Lake, sql: str, reason: str) -> None:
    assert lake.reason(sql) == reason.format(db=lake.database)


def test_bad_calls_are_refused_at_once(lake: Lake) -> None:
    for bad in (
        {"QueryString": "selec 1"},
        {"QueryString": "SELECT 1", "WorkGroup": "none"},
        {"QueryString": "SELECT 1"},
    ):
        with pytest.raises(ClientError) as caught:
            lake.athena.start_query_execution(**bad)
        assert caught.value.response["Error"]["Code"] == "InvalidRequestException"


def test_hive_ddl_from_table_to_partition_to_view(lake: Lake) -> None:
    place = f"s3://{lake.bucket}/ddl/"
    lake.put("ddl/p=1/a.parquet", pa.table({"id": [1], "amt": pa.array([Decimal("1.50")], pa.decimal128(18, 2))}))
    lake.rows(
        f"CREATE EXTERNAL TABLE IF NOT EXISTS `made` (`id` bigint COMMENT 'key', amt decimal(18, 2)) "
        f"PARTITIONED BY (p int) STORED AS PARQUET LOCATION '{place}' TBLPROPERTIES ('a' = 'b')"
    )
    assert lake.rows("SHOW PARTITIONS made") == []
    lake.rows("MSCK REPAIR TABLE made")
    lake.rows(f"ALTER TABLE made ADD IF NOT EXISTS PARTITION (p = 1) PARTITION (p = 2) LOCATION '{place}other/'")
    assert lake.rows("SHOW PARTITIONS made") == [["p=1"], ["p=2"]]
    lake.rows("ALTER TABLE made DROP PARTITION (p = 2)")
    lake.rows("ALTER TABLE made ADD COLUMNS (more string)")
    assert lake.rows("SELECT * FROM made") == [["1", "1.50", None, "1"]]
    assert [cell.strip() for (cell,) in lake.rows("SHOW COLUMNS IN made") if cell] == ["id", "amt", "more", "p"]
    assert ["made"] in lake.rows("SHOW TABLES 'ma*'")
    assert lake.rows("SHOW TBLPROPERTIES made('a')") == [["b"]]
    (line, *_) = lake.rows("DESCRIBE made")
    assert (line[0] or "").split() == ["id", "bigint", "key"]
    lake.rows("CREATE OR REPLACE VIEW seen AS SELECT p, sum(amt) / 3 AS third FROM made GROUP BY p")
    assert lake.rows("SELECT * FROM seen") == [["1", "0.50"]]
    assert lake.rows("SHOW VIEWS") == [["seen"]]
    lake.rows("DROP VIEW seen")
    lake.rows("DROP TABLE IF EXISTS made")
    assert lake.rows("SHOW TABLES 'made'") == []


def test_ctas_insert_and_unload_write_parquet_that_the_judge_accepts(lake: Lake, orders: str) -> None:
    place = f"s3://{lake.bucket}/ctas/"
    lake.rows(
        f"CREATE TABLE made_as WITH (external_location = '{place}', partitioned_by = ARRAY['region']) AS "
        f"SELECT id, amt, ts, dt, ok, x, cust, region FROM {orders}"
    )
    assert lake.rows("SELECT count(*), sum(amt), max(ts) FROM made_as") == [["4", "22.25", "2026-02-01 00:00:01.500"]]
    lake.rows("INSERT INTO made_as (id, amt, region) VALUES (9, 1.5, 'new')")
    assert lake.rows("SELECT id, amt, ts, region FROM made_as WHERE region = 'new'") == [["9", "1.50", None, "new"]]
    assert "TYPE_MISMATCH: Insert query" in lake.reason("INSERT INTO made_as (id) SELECT 'x'")
    assert "HIVE_PATH_ALREADY_EXISTS" in lake.reason(
        f"CREATE TABLE twice WITH (external_location = '{place}') AS SELECT 1 a"
    )
    found = lake.run(f"UNLOAD (SELECT id FROM {orders}) TO 's3://{lake.bucket}/unloaded/' WITH (format = 'PARQUET')")
    manifest = found["Statistics"]["DataManifestLocation"].split("/", 3)[3]
    (path,) = lake.s3.get_object(Bucket=lake.bucket, Key=manifest)["Body"].read().decode().split()
    assert path.startswith(f"s3://{lake.bucket}/unloaded/")


def test_information_schema_and_metadata_calls(lake: Lake, orders: str) -> None:
    sql = (
        "SELECT data_type FROM information_schema.columns "
        f"WHERE table_schema = '{lake.database}' AND table_name = '{orders}'"
    )
    assert [row[0] for row in lake.rows(sql)][:4] == ["bigint", "varchar", "decimal(18,2)", "timestamp(3)"]
    found = lake.athena.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName=lake.database, TableName=orders)
    assert found["TableMetadata"]["PartitionKeys"] == [{"Name": "region", "Type": "string"}]
    listed = lake.athena.list_table_metadata(
        CatalogName="awsdatacatalog", DatabaseName=lake.database, Expression=orders
    )
    assert [one["Name"] for one in listed["TableMetadataList"]] == [orders]
    databases = lake.athena.list_databases(CatalogName="AwsDataCatalog")["DatabaseList"]
    assert lake.database in {one["Name"] for one in databases}
    with pytest.raises(ClientError, match="MetadataException"):
        lake.athena.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName=lake.database, TableName="none")


def test_prepared_statements_by_sql_and_by_call(lake: Lake, orders: str) -> None:
    lake.rows(f"PREPARE by_region FROM SELECT count(*) FROM {orders} WHERE region = ? AND id >= ?")
    assert lake.rows("EXECUTE by_region USING 'eu', 2") == [["2"]]
    assert lake.rows("EXECUTE by_region", ExecutionParameters=["'us'", "0"]) == [["1"]]
    kept = lake.athena.get_prepared_statement(StatementName="by_region", WorkGroup=lake.group)["PreparedStatement"]
    assert kept["QueryStatement"].startswith("SELECT count(*)")
    lake.rows("DEALLOCATE PREPARE by_region")
    assert lake.athena.list_prepared_statements(WorkGroup=lake.group)["PreparedStatements"] == []


def test_a_workgroups_limit_cancels(lake: Lake, orders: str) -> None:
    update = {"BytesScannedCutoffPerQuery": 10_000_000}
    name = f"small-{uuid.uuid4().hex[:8]}"
    results = {"OutputLocation": f"s3://{lake.bucket}/small/"}
    lake.athena.create_work_group(Name=name, Configuration={"ResultConfiguration": results})
    lake.athena.update_work_group(WorkGroup=name, ConfigurationUpdates=update, Description="changed")
    group = lake.athena.get_work_group(WorkGroup=name)["WorkGroup"]
    assert (group["Description"], group["Configuration"]["BytesScannedCutoffPerQuery"]) == ("changed", 10_000_000)
    big = lake.table({"v": "string"})
    lake.put(f"{big}/a.parquet", pa.table({"v": [uuid.uuid4().hex * 8 for _ in range(50_000)]}), compression="none",
             use_dictionary=False)  # fmt: skip
    small = Lake(lake.url, lake.session, lake.bucket, lake.database, name)
    status = small.run(f"SELECT max(v) FROM {big}")["Status"]
    assert (status["State"], status["StateChangeReason"]) == ("CANCELLED", "Bytes scanned limit was exceeded")
    with pytest.raises(ClientError, match="is not empty"):
        lake.athena.delete_work_group(WorkGroup=name)
    lake.athena.delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)
    with pytest.raises(ClientError, match="is not found"):
        lake.athena.get_work_group(WorkGroup=name)


def test_named_queries_can_be_deleted(lake: Lake) -> None:
    made = lake.athena.create_named_query(
        Name="q", Database=lake.database, QueryString="SELECT 1", WorkGroup=lake.group
    )
    lake.athena.delete_named_query(NamedQueryId=made["NamedQueryId"])
    with pytest.raises(ClientError, match="was not found"):
        lake.athena.get_named_query(NamedQueryId=made["NamedQueryId"])


def test_stop_ends_a_running_query(lake: Lake) -> None:
    numbers = "unnest(sequence(1, 30000)) a (x) CROSS JOIN unnest(sequence(1, 300000)) b (y)"
    sql = f"SELECT count(*) FROM {numbers} WHERE x % 7 = y % 11"
    started = lake.athena.start_query_execution(QueryString=sql, WorkGroup=lake.group)["QueryExecutionId"]
    stopper = threading.Timer(0.3, lambda: lake.athena.stop_query_execution(QueryExecutionId=started))
    stopper.start()
    stopper.join()
    found = lake.athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]
    assert found["Status"]["State"] == "CANCELLED"
    with pytest.raises(ClientError, match="did not finish successfully"):
        lake.athena.get_query_results(QueryExecutionId=started)


@pytest.fixture
def client_environment(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    values = {
        "ENDPOINT_URL": lake.url,
        "ACCESS_KEY_ID": lake.key,
        "SECRET_ACCESS_KEY": "test",
        "DEFAULT_REGION": REGION,
    }
    for name, value in values.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    yield
    boto3.DEFAULT_SESSION = None


@pytest.mark.usefixtures("client_environment")
@pytest.mark.filterwarnings("ignore:The copy keyword is deprecated")  # awswrangler's own use of pandas
@pytest.mark.parametrize("way", [{"ctas_approach": False}, {"ctas_approach": True},
                                 {"ctas_approach": False, "unload_approach": True}])  # fmt: skip
def test_awswrangler_reads(lake: Lake, orders: str, way: dict[str, bool]) -> None:
    found = wr.athena.read_sql_query(
        f"SELECT id, cust, amt, ts, dt, ok, region FROM {orders} ORDER BY id, region",
        database=lake.database,
        workgroup=lake.group,
        s3_output=f"s3://{lake.bucket}/wr/{uuid.uuid4().hex}/",
        athena_query_wait_polling_delay=0.05,
        boto3_session=lake.session,
        **way,
    )
    assert isinstance(found, pd.DataFrame)
    records = found.sort_values(["id", "region"]).to_dict("records")
    assert len(records) == 4
    assert (records[0]["amt"], records[0]["dt"], records[0]["ok"]) == (Decimal("1.10"), datetime.date(2026, 1, 1), True)


@pytest.mark.usefixtures("client_environment")
def test_pyathena_and_sqlalchemy(lake: Lake, orders: str) -> None:
    staging = f"s3://{lake.bucket}/athena-queries/"
    with pyathena.connect(s3_staging_dir=staging, region_name=REGION, schema_name=lake.database, work_group=lake.group,
                          poll_interval=0.02) as connection:  # fmt: skip
        cursor = connection.cursor()
        cursor.execute(f"SELECT id, amt, ts FROM {orders} WHERE region = %(r)s ORDER BY id", {"r": "us"})
        assert cursor.fetchall() == [(1, Decimal("1.10"), datetime.datetime(2026, 1, 1, 10))]
    engine = sqlalchemy.create_engine(
        f"awsathena+rest://{lake.key}:test@athena.{REGION}.amazonaws.com:443/{lake.database}"
        f"?s3_staging_dir={staging}&work_group={lake.group}&poll_interval=0.02"
    )
    with engine.connect() as connected:
        table = sqlalchemy.Table(orders, sqlalchemy.MetaData(), autoload_with=engine)
        query = sqlalchemy.select(sqlalchemy.func.sum(table.c.amt)).where(table.c.region == "eu")
        assert connected.execute(query).scalar() == Decimal("21.15")
    engine.dispose()


def test_another_account_sees_nothing_of_this(lake: Lake, orders: str) -> None:
    other = boto3.Session(aws_access_key_id="555566667777", aws_secret_access_key="test", region_name=REGION)
    athena = other.client("athena", endpoint_url=lake.url)
    found = lake.run("SELECT 1")
    with pytest.raises(ClientError, match="was not found"):
        athena.get_query_execution(QueryExecutionId=found["QueryExecutionId"])
