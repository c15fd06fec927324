"""Read what is deployed in S3, Glue and Athena, in the words of CloudFormation's properties."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

Properties = dict[str, Any]
Clients = Any  # service name → boto3 client


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """Return a map of tags as CloudFormation lists them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _given(read: Callable[[], Any], *absent: str) -> Any:
    """Return what `read` answers, or None where it says that there is no such configuration."""
    try:
        return read()
    except ClientError as error:
        if error.response["Error"]["Code"] in absent:
            return None
        raise


def read_bucket(clients: Clients, physical_id: str, _expected: Properties) -> Properties:
    """Read an AWS::S3::Bucket."""
    s3, bucket = clients("s3"), {"Bucket": physical_id}
    found: Properties = {"BucketName": physical_id}
    encryption = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    found["BucketEncryption"] = {
        "ServerSideEncryptionConfiguration": [
            {
                "BucketKeyEnabled": rule.get("BucketKeyEnabled"),
                "ServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"],
            }
            for rule in encryption
        ]
    }
    if status := s3.get_bucket_versioning(**bucket).get("Status"):
        found["VersioningConfiguration"] = {"Status": status}
    block = _given(lambda: s3.get_public_access_block(**bucket), "NoSuchPublicAccessBlockConfiguration")
    found["PublicAccessBlockConfiguration"] = block and block["PublicAccessBlockConfiguration"]
    owner = _given(lambda: s3.get_bucket_ownership_controls(**bucket), "OwnershipControlsNotFoundError")
    found["OwnershipControls"] = owner and {"Rules": owner["OwnershipControls"]["Rules"]}
    lifecycle = _given(lambda: s3.get_bucket_lifecycle_configuration(**bucket), "NoSuchLifecycleConfiguration")
    found["LifecycleConfiguration"] = lifecycle and {"Rules": [_lifecycle_rule(rule) for rule in lifecycle["Rules"]]}
    tags = _given(lambda: s3.get_bucket_tagging(**bucket), "NoSuchTagSet")
    found["Tags"] = tags and tags["TagSet"]
    notification = s3.get_bucket_notification_configuration(**bucket)
    found["NotificationConfiguration"] = {
        "EventBridgeConfiguration": {"EventBridgeEnabled": "EventBridgeConfiguration" in notification}
    }
    return found


def _lifecycle_rule(rule: Properties) -> Properties:
    out = {"Id": rule["ID"], "Status": rule["Status"]}
    where = rule.get("Filter", {})
    where = where.get("And", where)
    out |= {name: where[name] for name in ("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan") if where.get(name)}
    tags = where.get("Tags") or ([where["Tag"]] if "Tag" in where else [])
    if tags:
        out["TagFilters"] = tags
    names = {"Days": "ExpirationInDays", "Date": "ExpirationDate"}
    out |= {names.get(name, name): value for name, value in rule.get("Expiration", {}).items()}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in rule:
            out[name] = rule[name]
    for name, days in (("Transitions", "Days"), ("NoncurrentVersionTransitions", "NoncurrentDays")):
        if name in rule:
            names = {days: "TransitionInDays", "Date": "TransitionDate"}
            out[name] = [{names.get(key, key): value for key, value in move.items()} for move in rule[name]]
    return out


def read_bucket_policy(clients: Clients, _physical_id: str, expected: Properties) -> Properties:
    """Read an AWS::S3::BucketPolicy."""
    policy = clients("s3").get_bucket_policy(Bucket=expected["Bucket"])["Policy"]
    return {"Bucket": expected["Bucket"], "PolicyDocument": policy}


def read_database(clients: Clients, physical_id: str, _expected: Properties) -> Properties:
    """Read an AWS::Glue::Database."""
    found = clients("glue").get_database(Name=physical_id)["Database"]
    return {"CatalogId": found.get("CatalogId"), "DatabaseInput": found}


def read_table(clients: Clients, physical_id: str, expected: Properties) -> Properties:
    """Read an AWS::Glue::Table."""
    found = clients("glue").get_table(DatabaseName=expected["DatabaseName"], Name=physical_id)["Table"]
    return {"CatalogId": found.get("CatalogId"), "DatabaseName": found["DatabaseName"], "TableInput": found}


def _glue_tags(clients: Clients, kind: str, name: str) -> dict[str, str]:
    account = clients("sts").get_caller_identity()["Account"]
    arn = f"arn:aws:glue:{clients('glue').meta.region_name}:{account}:{kind}/{name}"
    tags: dict[str, str] = clients("glue").get_tags(ResourceArn=arn)["Tags"]
    return tags


def read_crawler(clients: Clients, physical_id: str, expected: Properties) -> Properties:
    """Read an AWS::Glue::Crawler; Glue answers a role's ARN by its name and path."""
    found = clients("glue").get_crawler(Name=physical_id)["Crawler"]
    if found["Role"].rsplit("/", 1)[-1] == str(expected.get("Role")).rsplit("/", 1)[-1]:
        found["Role"] = expected["Role"]
    return {**found, "Tags": _glue_tags(clients, "crawler", physical_id)}


def read_job(clients: Clients, physical_id: str, _expected: Properties) -> Properties:
    """Read an AWS::Glue::Job."""
    found: Properties = clients("glue").get_job(JobName=physical_id)["Job"]
    return {**found, "Tags": _glue_tags(clients, "job", physical_id)}


def read_work_group(clients: Clients, physical_id: str, _expected: Properties) -> Properties:
    """Read an AWS::Athena::WorkGroup."""
    found = clients("athena").get_work_group(WorkGroup=physical_id)["WorkGroup"]
    account = clients("sts").get_caller_identity()["Account"]
    arn = f"arn:aws:athena:{clients('athena').meta.region_name}:{account}:workgroup/{physical_id}"
    tags = clients("athena").list_tags_for_resource(ResourceARN=arn).get("Tags", [])
    return {**found, "WorkGroupConfiguration": found.get("Configuration", {}), "Tags": tags}


def read_named_query(clients: Clients, physical_id: str, _expected: Properties) -> Properties:
    """Read an AWS::Athena::NamedQuery."""
    found: Properties = clients("athena").get_named_query(NamedQueryId=physical_id)["NamedQuery"]
    return found


READERS: dict[str, Callable[[Clients, str, Properties], Properties]] = {
    "AWS::S3::Bucket": read_bucket,
    "AWS::S3::BucketPolicy": read_bucket_policy,
    "AWS::Glue::Database": read_database,
    "AWS::Glue::Table": read_table,
    "AWS::Glue::Crawler": read_crawler,
    "AWS::Glue::Job": read_job,
    "AWS::Athena::WorkGroup": read_work_group,
    "AWS::Athena::NamedQuery": read_named_query,
}
