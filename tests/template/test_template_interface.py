import ast
import json
import re
from typing import Any

import pytest

from csvlake.settings import Settings
from tests.template.stacks import ROOT, Stack, build_stack, read_source

PARAMETERS: dict[str, dict[str, Any]] = read_source()["Parameters"]
INTERFACE = read_source()["Metadata"]["AWS::CloudFormation::Interface"]


@pytest.fixture(scope="module")
def stack() -> Stack:
    return build_stack()


def test_every_parameter_stands_in_one_group_with_a_label() -> None:
    grouped = [name for group in INTERFACE["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(PARAMETERS)
    assert sorted(INTERFACE["ParameterLabels"]) == sorted(PARAMETERS)
    assert grouped == list(PARAMETERS)  # sam deploy --guided asks in the order of the template


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_is_described_and_optional(name: str) -> None:
    assert len(PARAMETERS[name]["Description"]) > 30
    assert "Default" in PARAMETERS[name]
    if "AllowedPattern" in PARAMETERS[name]:
        assert PARAMETERS[name]["ConstraintDescription"]
        assert re.search(PARAMETERS[name]["AllowedPattern"], str(PARAMETERS[name]["Default"]))


def test_parameters_conditions_and_mappings_are_used() -> None:
    source = read_source()
    used = json.dumps({key: source[key] for key in ("Conditions", "Resources")})
    assert [name for name in PARAMETERS if f'"{name}"' not in used and f"${{{name}}}" not in used] == []
    assert [name for name in source["Conditions"] if f'"{name}"' not in json.dumps(source["Resources"])] == []


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("BucketName", ["", "my-lake.2"], ["My_Lake", "-lake", "ab"]),
        ("KmsKeyArn", ["", "arn:aws-cn:kms:cn-north-1:111122223333:key/1-2"], ["alias/mine", "key/1"]),
        ("MessageKmsKeyArn", [""], ["alias/aws/sns"]),
        ("DatabaseName", ["", "sales_2"], ["Sales", "my-db"]),
        ("CrawlerSchedule", ["", "cron(15 * * * ? *)"], ["hourly", "rate(1 hour)"]),
        ("AlarmEmail", ["", "a@example.org"], ["a", "a b@example.org"]),
    ],
)
def test_patterns_take_what_is_right_and_nothing_else(name: str, good: list[str], bad: list[str]) -> None:
    pattern = re.compile(PARAMETERS[name]["AllowedPattern"])
    assert [value for value in good if not pattern.search(value)] == []
    assert [value for value in bad if pattern.search(value)] == []


def test_outputs_have_the_names_that_programs_rely_on(stack: Stack) -> None:
    stable = {
        "Bucket": "DataBucket",
        "Database": "Database",
        "WorkGroup": "WorkGroup",
        "ConvertQueueUrl": "ConvertQueue",
        "ConvertDlqUrl": "ConvertDlq",
        "FunctionName": "ConvertFunction",
        "CrawlerName": "Crawler",
        "TopicArn": "ObjectsTopic",
    }
    assert {name: stack.outputs[name]["Value"] for name in stable} == stable
    assert [name for name, output in stack.outputs.items() if len(output["Description"]) < 20] == []


def test_the_converter_is_told_exactly_what_its_settings_read(stack: Stack) -> None:
    given = stack.properties("ConvertFunction")["Environment"]["Variables"]
    tree = ast.parse((ROOT / "functions/csvlake/settings.py").read_text())
    constants = {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    read = {name for name in constants if re.fullmatch(r"CSVLAKE_[A-Z_]+", name)}
    derived = {"CSVLAKE_MEMORY_MB"}  # AWS_LAMBDA_FUNCTION_MEMORY_SIZE says it in Lambda
    assert {name for name in given if name.startswith("CSVLAKE_")} == read - derived


def test_settings_accept_the_templates_environment() -> None:
    for mode in ("direct", "crawler"):
        given = build_stack(CatalogMode=mode).properties("ConvertFunction")["Environment"]["Variables"]
        settings = Settings.from_environment({**given, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"})
        assert settings.catalog_mode == mode
        assert (settings.source_prefix, settings.target_prefix) == ("csv-files/", "parquet-files/")
