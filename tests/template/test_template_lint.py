import json
import re

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from pydantic.v1 import ValidationError
from samtranslator.internal.schema_source.schema import SamModel

from tests.template.stacks import ROOT, TEMPLATE, read_source, transform_template

MODES = [
    {},
    {
        "CatalogMode": "crawler",
        "CrawlerSchedule": "cron(15 * * * ? *)",
        "KmsKeyArn": "arn:aws:kms:eu-west-1:111122223333:key/k",
        "MessageKmsKeyArn": "arn:aws:kms:eu-west-1:111122223333:key/m",
        "AlarmEmail": "a@example.org",
        "Tracing": "Active",
        "Architecture": "arm64",
        "MetaRetentionDays": "90",
    },
]


def find_faults(template: str) -> list[str]:
    config = ManualArgs(regions=["eu-west-1"])
    return [f"{match.rule.id} {match.message} at {match.path}" for match in lint(template, config=config)]


def test_cfn_lint_finds_nothing_in_the_template() -> None:
    assert find_faults(TEMPLATE.read_text()) == []


@pytest.mark.parametrize("parameters", MODES, ids=["defaults", "everything"])
def test_cfn_lint_finds_nothing_in_what_sam_makes_of_it(parameters: dict[str, str]) -> None:
    # cfn-lint knows IAM's actions but does not look at them while the transform is in the template (rule W3037).
    assert find_faults(json.dumps(transform_template(**parameters))) == []


def test_a_misspelt_iam_action_would_be_found() -> None:
    template = json.dumps(transform_template())
    misspelt = {
        "s3:AbortMultipartUpload": "s3:AbortMultipartUploads",  # in a plain statement
        "glue:CreatePartition": "glue:AddPartition",  # in one that depends on a condition
        "sns:Publish": "sns:Send",  # in a resource's policy
    }
    for action, wrong in misspelt.items():
        assert f'"{action}"' in template
        template = template.replace(f'"{action}"', f'"{wrong}"')
    faults = "\n".join(find_faults(template))
    assert [wrong for wrong in misspelt.values() if repr(wrong.split(":")[1].lower()) not in faults] == []


@pytest.mark.parametrize("document", ["docs/deploy.md", "docs/bi.md"])
def test_policies_in_the_documents_name_actions_that_exist(document: str) -> None:
    text = (ROOT / document).read_text().replace("ACCOUNT", "111122223333").replace("REGION", "eu-west-1")
    blocks = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)]
    (policy,) = [block for block in blocks if "Statement" in block]
    resources = {"Policy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": policy}}}
    assert find_faults(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})) == []


def test_the_parameters_in_the_document_are_the_templates() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/deploy.md").read_text(), re.MULTILINE)
    assert rows == list(read_source()["Parameters"])


def test_the_template_fits_sams_schema() -> None:
    assert SamModel.parse_obj(read_source()).Resources


def test_a_typing_error_in_an_event_would_be_found() -> None:
    source = read_source()
    event = source["Resources"]["ConvertFunction"]["Properties"]["Events"]["Messages"]["Properties"]
    event["MaximumBatchingWindow"] = event.pop("MaximumBatchingWindowInSeconds")
    with pytest.raises(ValidationError):
        SamModel.parse_obj(source)
