import json
from typing import Any

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from csvlake.lake.ledger import LEDGER_COLUMNS, REJECT_COLUMNS
from csvlake.settings import _KEPT_BYTES
from tests.template.stacks import Stack, build_stack

LEDGER = {"conversions": LEDGER_COLUMNS, "rejects": REJECT_COLUMNS}


@pytest.fixture(scope="module")
def stack() -> Stack:
    return build_stack()


def rules_of(stack: Stack) -> dict[str, dict[str, Any]]:
    return {rule["Id"]: rule for rule in stack.properties("DataBucket")["LifecycleConfiguration"]["Rules"]}


def test_the_bucket_is_private_encrypted_versioned_and_stays(stack: Stack) -> None:
    bucket = stack.properties("DataBucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    for name in ("DataBucket", "DataBucketPolicy"):
        assert stack.resources[name]["DeletionPolicy"] == stack.resources[name]["UpdateReplacePolicy"] == "Retain"


def test_a_key_of_ones_own_encrypts_data_and_results() -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/k"
    stack = build_stack(KmsKeyArn=key)
    (encryption,) = stack.properties("DataBucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    assert encryption["BucketKeyEnabled"] is True
    results = stack.properties("WorkGroup")["WorkGroupConfiguration"]["ResultConfiguration"]
    assert results["EncryptionConfiguration"] == {"EncryptionOption": "SSE_KMS", "KmsKey": key}


def test_the_bucket_is_named_when_asked_and_versions_are_a_choice() -> None:
    assert "BucketName" not in build_stack().properties("DataBucket")
    chosen = build_stack(BucketName="my-lake", Versioning="Suspended").properties("DataBucket")
    assert (chosen["BucketName"], chosen["VersioningConfiguration"]["Status"]) == ("my-lake", "Suspended")


def test_nothing_but_results_old_versions_and_leftovers_expires(stack: Stack) -> None:
    rules = rules_of(stack)
    expiring = {rule["Prefix"] for rule in rules.values() if "ExpirationInDays" in rule and rule["Status"] == "Enabled"}
    assert expiring == {"athena-queries/"}
    assert int(rules["unfinished-uploads"]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]) >= 1
    assert int(rules["old-versions"]["NoncurrentVersionExpiration"]["NoncurrentDays"]) == 30


def test_the_ledger_expires_only_when_asked() -> None:
    assert rules_of(build_stack())["ledger"]["Status"] == "Disabled"
    asked = rules_of(build_stack(MetaRetentionDays="90"))["ledger"]
    assert (asked["Status"], asked["Prefix"], int(asked["ExpirationInDays"])) == ("Enabled", "meta/", 90)


@pytest.mark.parametrize(("resource", "name"), [("ConversionsTable", "conversions"), ("RejectsTable", "rejects")])
def test_the_ledgers_tables_are_what_the_converter_writes(stack: Stack, resource: str, name: str) -> None:
    table = stack.properties(resource)["TableInput"]
    columns = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    assert list(columns.items()) == list(LEDGER[name].items())
    assert all(column["Comment"] for column in table["StorageDescriptor"]["Columns"])
    assert table["Name"] == name
    assert table["StorageDescriptor"]["Location"] == f"s3://DataBucket/meta/{name}/"
    assert [(key["Name"], key["Type"]) for key in table["PartitionKeys"]] == [("day", "string")]
    assert {key: value for key, value in table["Parameters"].items() if key.startswith("projection")} == {
        "projection.enabled": "true",
        "projection.day.type": "date",
        "projection.day.format": "yyyy-MM-dd",
        "projection.day.range": "2026-01-01,NOW",
        "projection.day.interval": "1",
        "projection.day.interval.unit": "DAYS",
    }


def test_glue_and_athena_take_the_parameters_of_tables_as_text(stack: Stack) -> None:
    for table in stack.of_type("AWS::Glue::Table").values():
        assert [value for value in table["TableInput"]["Parameters"].values() if not isinstance(value, str)] == []


def test_the_crawler_makes_one_table_a_folder_whose_types_are_its_files(stack: Stack) -> None:
    crawler = stack.properties("Crawler")
    configuration = json.loads(crawler["Configuration"])
    (target,) = crawler["Targets"]["S3Targets"]
    assert target == {"Path": "s3://DataBucket/parquet-files/"}
    # Levels count from the bucket: s3://bucket(1)/parquet-files(2)/<table>(3).
    assert configuration["Grouping"]["TableLevelConfiguration"] == 3
    # Without "Tables": tables follow their files, so that a type which a contract changes reaches them.
    assert configuration["CrawlerOutput"] == {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}}


def test_the_crawler_changes_tables_in_its_own_mode_only() -> None:
    assert build_stack().properties("Crawler")["SchemaChangePolicy"]["UpdateBehavior"] == "LOG"
    crawler = build_stack(CatalogMode="crawler", CrawlerSchedule="cron(15 * * * ? *)").properties("Crawler")
    assert crawler["SchemaChangePolicy"] == {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"}
    assert crawler["Schedule"] == {"ScheduleExpression": "cron(15 * * * ? *)"}
    assert "Schedule" not in build_stack().properties("Crawler")


def test_the_database_is_named_after_the_stack() -> None:
    name = build_stack(**{"AWS::StackName": "my-lake-2"}).properties("Database")["DatabaseInput"]["Name"]
    assert name == "my_lake_2"
    assert build_stack(DatabaseName="sales").properties("Database")["DatabaseInput"]["Name"] == "sales"


def test_the_workgroup_decides_where_results_go_and_what_a_query_may_scan(stack: Stack) -> None:
    settings = stack.properties("WorkGroup")["WorkGroupConfiguration"]
    assert settings["EnforceWorkGroupConfiguration"] is True
    assert settings["ResultConfiguration"]["OutputLocation"] == "s3://DataBucket/athena-queries/"
    assert settings["EngineVersion"]["SelectedEngineVersion"] == "Athena engine version 3"
    assert int(settings["BytesScannedCutoffPerQuery"]) == 100 << 30


@pytest.mark.parametrize("name", sorted(build_stack().of_type("AWS::Athena::NamedQuery")))
def test_saved_queries_ask_for_columns_that_exist(stack: Stack, name: str) -> None:
    saved = stack.properties(name)
    assert (saved["Database"], saved["WorkGroup"]) == ("Database", "WorkGroup")
    schema = {table: {**columns, "day": "string"} for table, columns in LEDGER.items()}
    schema |= {"conversions_latest": dict(LEDGER_COLUMNS), "rejects_latest": {"table_name": "string", **REJECT_COLUMNS}}
    query = qualify(sqlglot.parse_one(saved["QueryString"], read="athena"), schema=schema, dialect="athena")
    assert {table.name for table in query.find_all(exp.Table)} <= set(schema)
    assert query.find(exp.Column) is not None


def test_the_converters_log_is_its_own_and_ends(stack: Stack) -> None:
    logging = stack.properties("ConvertFunction")["LoggingConfig"]
    assert (logging["LogGroup"], logging["LogFormat"]) == ("ConvertLogGroup", "JSON")
    group = stack.properties("ConvertLogGroup")
    assert group["LogGroupName"] == f"/aws/lambda/{stack.properties('ConvertFunction')['FunctionName']}"
    assert int(group["RetentionInDays"]) == 30


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_function_and_layer_are_for_one_processor(architecture: str) -> None:
    stack = build_stack(Architecture=architecture)
    (layer,) = stack.of_type("AWS::Lambda::LayerVersion").values()
    function = stack.properties("ConvertFunction")
    assert function["Architectures"] == layer["CompatibleArchitectures"] == [architecture]
    assert [function["Runtime"]] == layer["CompatibleRuntimes"]


def test_the_function_takes_memory_as_the_command_does(stack: Stack) -> None:
    variables = stack.properties("ConvertFunction")["Environment"]["Variables"]
    assert variables["ARROW_DEFAULT_MEMORY_POOL"] == "jemalloc"
    assert variables["MALLOC_MMAP_THRESHOLD_"] == str(_KEPT_BYTES)
