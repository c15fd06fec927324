"""AWS::S3::Bucket and BucketPolicy: LocalEmu has no update of either, and no encryption, lifecycle or the like.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

import json
from typing import Any

from local.cloudformation.completion import Completion
from local.cloudformation.resource import Properties, failed, pick

LOGGING = {"DestinationBucketName": "TargetBucket", "LogFilePrefix": "TargetPrefix"}


class Bucket(Completion):
    """A bucket, with everything that its template says."""

    UPDATES, KEPT = True, ("BucketName",)

    def create(self, request: Any) -> Any:
        """Create it closed to the public: LocalEmu's default ACL is public-read, S3's is private."""
        request.desired_state.setdefault("AccessControl", "Private")
        return super().create(request)

    def delete(self, request: Any) -> Any:
        """Delete it if it is empty; LocalEmu would empty it first, AWS refuses."""
        s3, bucket = request.aws_client_factory.s3, request.desired_state["BucketName"]
        try:
            held = s3.list_object_versions(Bucket=bucket, MaxKeys=1)
        except s3.exceptions.NoSuchBucket:
            held = {}
        if held.get("Versions") or held.get("DeleteMarkers"):
            return failed(f"The bucket you tried to delete is not empty: {bucket}")
        return super().delete(request)

    def apply(self, clients: Any, model: Properties, before: Properties) -> None:
        """Put each configuration that is given and delete each that is given no more."""
        s3, bucket = clients.s3, {"Bucket": model["BucketName"]}
        for name, (put, argument, body, delete) in self._parts(s3).items():
            if model.get(name):
                getattr(s3, put)(**bucket, **{argument: body(model[name])})
            elif before.get(name):
                delete(**bucket)
        if status := (model.get("VersioningConfiguration") or {}).get("Status"):
            s3.put_bucket_versioning(**bucket, VersioningConfiguration={"Status": status})
        elif before.get("VersioningConfiguration"):
            s3.put_bucket_versioning(**bucket, VersioningConfiguration={"Status": "Suspended"})
        notification = self._inner._get_s3_bucket_notification_config(model)
        if notification:
            s3.put_bucket_notification_configuration(**notification)
        elif before.get("NotificationConfiguration"):
            s3.put_bucket_notification_configuration(**bucket, NotificationConfiguration={})

    def _parts(self, s3: Any) -> dict[str, Any]:
        """Return, for each property: what sets it, the argument of that, the argument's value, what unsets it."""

        def same(value: Any) -> Any:
            return value

        def no_logging(**bucket: str) -> None:
            s3.put_bucket_logging(**bucket, BucketLoggingStatus={})

        def default_encryption(**bucket: str) -> None:  # S3 encrypts everything since 2023
            rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
            s3.put_bucket_encryption(**bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})

        inner = self._inner
        return {
            "BucketEncryption": (
                "put_bucket_encryption",
                "ServerSideEncryptionConfiguration",
                _encryption,
                default_encryption,
            ),
            "PublicAccessBlockConfiguration": (
                "put_public_access_block",
                "PublicAccessBlockConfiguration",
                same,
                s3.delete_public_access_block,
            ),
            "OwnershipControls": (
                "put_bucket_ownership_controls",
                "OwnershipControls",
                same,
                s3.delete_bucket_ownership_controls,
            ),
            "LifecycleConfiguration": (
                "put_bucket_lifecycle_configuration",
                "LifecycleConfiguration",
                _lifecycle,
                s3.delete_bucket_lifecycle,
            ),
            "Tags": ("put_bucket_tagging", "Tagging", lambda tags: {"TagSet": tags}, s3.delete_bucket_tagging),
            "CorsConfiguration": (
                "put_bucket_cors",
                "CORSConfiguration",
                inner._transform_cfn_cors,
                s3.delete_bucket_cors,
            ),
            "WebsiteConfiguration": (
                "put_bucket_website",
                "WebsiteConfiguration",
                inner._transform_website_configuration,
                s3.delete_bucket_website,
            ),
            "LoggingConfiguration": ("put_bucket_logging", "BucketLoggingStatus", _logging, no_logging),
        }


def _encryption(value: Properties) -> Properties:
    rules = []
    for rule in value["ServerSideEncryptionConfiguration"]:
        out: Properties = {}
        if default := rule.get("ServerSideEncryptionByDefault"):
            out["ApplyServerSideEncryptionByDefault"] = default
        rules.append(out | pick(rule, "BucketKeyEnabled"))
    return {"Rules": rules}


def _logging(value: Properties) -> Properties:
    return {"LoggingEnabled": {"TargetPrefix": "", **{LOGGING[name]: value[name] for name in LOGGING if name in value}}}


def _lifecycle(value: Properties) -> Properties:
    return {"Rules": [_lifecycle_rule(rule, number) for number, rule in enumerate(value["Rules"], 1)]}


def _lifecycle_rule(rule: Properties, number: int) -> Properties:
    """Turn a template's rule into the API's."""
    out = {"ID": rule.get("Id", f"rule-{number}"), "Status": rule["Status"], "Filter": _filter(rule)}
    expiration = {
        api: rule[name]
        for name, api in (
            ("ExpirationInDays", "Days"),
            ("ExpirationDate", "Date"),
            ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
        )
        if rule.get(name) is not None
    }
    if expiration:
        out["Expiration"] = expiration
    if rule.get("NoncurrentVersionExpirationInDays") is not None:
        out["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    out |= pick(rule, "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload")
    for name, days in (("Transition", "Days"), ("NoncurrentVersionTransition", "NoncurrentDays")):
        moves = [*(rule.get(f"{name}s") or []), *([rule[name]] if rule.get(name) else [])]
        if moves:
            out[f"{name}s"] = [_transition(move, days) for move in moves]
    return out


def _transition(move: Properties, days: str) -> Properties:
    names = {"TransitionInDays": days, "TransitionDate": "Date"}
    return {names.get(name, name): value for name, value in move.items()}


def _filter(rule: Properties) -> Properties:
    parts = pick(rule, "Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan")
    tags = rule.get("TagFilters") or []
    if len(parts) + len(tags) > 1:
        return {"And": {**parts, **({"Tags": tags} if tags else {})}}
    return {"Tag": tags[0]} if tags else parts


class BucketPolicy(Completion):
    """A bucket's policy."""

    UPDATES = True

    def apply(self, clients: Any, model: Properties, before: Properties) -> None:
        """Put the policy again where it changed."""
        if before:
            clients.s3.put_bucket_policy(Bucket=model["Bucket"], Policy=json.dumps(model["PolicyDocument"]))
