"""The resources that policies are judged by."""

import pytest

from local.iam import glue_arn


@pytest.mark.parametrize(
    ("operation", "parameters", "resource"),
    [
        ("GetTable", {"DatabaseName": "d", "Name": "t"}, "table/d/t"),
        ("CreateTable", {"DatabaseName": "d", "TableInput": {"Name": "t"}}, "table/d/t"),
        ("GetPartitions", {"DatabaseName": "d", "TableName": "t"}, "table/d/t"),
        ("GetTables", {"DatabaseName": "d"}, "database/d"),
        ("GetDatabase", {"Name": "d"}, "database/d"),
        ("StartCrawler", {"Name": "c"}, "crawler/c"),
        ("GetDatabases", {}, "catalog"),
    ],
)
def test_a_glue_call_is_judged_by_the_narrowest_resource(
    operation: str, parameters: dict[str, str], resource: str
) -> None:
    assert (
        glue_arn(operation, parameters, "us-east-1", "000000000000")
        == f"arn:aws:glue:us-east-1:000000000000:{resource}"
    )
