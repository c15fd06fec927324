"""Make the sample events in this folder: one file a chain of envelopes, named from the outermost to the innermost.

    python events/make_events.py            writes them
    python events/make_events.py --check    exits 1 where a file is not what would be written

The shapes are AWS's documented ones:

- SQS to Lambda: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
- SNS to SQS: https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html
- S3 to EventBridge: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
- Glue to EventBridge: https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html
- S3's own notification: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html

Account, bucket and identifiers are invented. Try one on a deployed function:

    aws lambda invoke --function-name NAME --payload fileb://events/sqs-eventbridge-created.json /dev/stdout
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

FOLDER = Path(__file__).parent
BUCKET = "csvlake-data"
REGION = "eu-west-1"
ACCOUNT = "123456789012"
KEY = "csv-files/sales/dt=2026-01-01/north.csv"
ODD_KEY = "csv-files/sales/dt=2026-01-01/Größe a+b 100%.csv"
TIME = "2026-01-02T03:04:05Z"

Json = dict[str, Any]


def identifier(text: str) -> str:
    """Return a UUID that depends on the text alone."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))


def eventbridge(key: str = KEY, *, deleted: bool = False) -> Json:
    """Return what S3 tells EventBridge; the key is as it is, not encoded."""
    told: Json = {"key": key, "sequencer": "0065A3B2C1D0E9F8A7"}
    if not deleted:
        told |= {"size": 27, "etag": hashlib.sha256(key.encode()).hexdigest()[:32]}
    detail: Json = {
        "version": "0",
        "bucket": {"name": BUCKET},
        "object": {**told, "version-id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"},
        "request-id": "N4N7GDK58NMKJ12R",
        "requester": ACCOUNT,
        "source-ip-address": "192.0.2.10",
        "reason": "DeleteObject" if deleted else "PutObject",
    }
    if deleted:
        detail["deletion-type"] = "Delete Marker Created"
    return {
        "version": "0",
        "id": identifier(f"event {key} {deleted}"),
        "detail-type": "Object Deleted" if deleted else "Object Created",
        "source": "aws.s3",
        "account": ACCOUNT,
        "time": TIME,
        "region": REGION,
        "resources": [f"arn:aws:s3:::{BUCKET}"],
        "detail": detail,
    }


def crawler_state(state: str, **told: str) -> Json:
    """Return what a Glue crawler tells EventBridge."""
    name = "csvlake-parquet"
    link = f"https://console.aws.amazon.com/cloudwatch/home?region={REGION}#logEventViewer:group=/aws-glue/crawlers"
    return {
        "version": "0",
        "id": identifier(f"crawler {state}"),
        "detail-type": "Glue Crawler State Change",
        "source": "aws.glue",
        "account": ACCOUNT,
        "time": TIME,
        "region": REGION,
        "resources": [],
        "detail": {
            "accountId": ACCOUNT,
            "crawlerName": name,
            "cloudWatchLogLink": f"{link};stream={name}",
            "state": state,
            "message": f"Crawler {state}",
            **told,
        },
    }


def crawl() -> Json:
    """Return what is told of a crawl that made a table."""
    kinds = ("tablesUpdated", "tablesDeleted", "partitionsUpdated", "partitionsDeleted")
    counts = {"tablesCreated": "1", "partitionsCreated": "1", **dict.fromkeys(kinds, "0")}
    more = {"runningTime (sec)": "71", "completionDate": TIME, "warningMessage": "N/A"}
    return crawler_state("Succeeded", **counts, **more)


def s3_notification(*keys: str) -> Json:
    """Return what S3 tells by itself; keys are URL-encoded, a blank is a plus."""
    return {"Records": [s3_record(key) for key in keys]}


def s3_record(key: str) -> Json:
    """Return one record of S3's own notification."""
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": TIME,
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:AIDAEXAMPLE"},
        "requestParameters": {"sourceIPAddress": "192.0.2.10"},
        "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8/IgAtTv8xRjskZ"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "csv-files",
            "bucket": {
                "name": BUCKET,
                "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                "arn": f"arn:aws:s3:::{BUCKET}",
            },
            "object": {
                "key": quote_plus(key, safe="/"),
                "size": 27,
                "eTag": hashlib.sha256(key.encode()).hexdigest()[:32],
                "versionId": "096fKKXTRTtl3on89fVO.nfljtsv6qko",
                "sequencer": "0055AED6DCD90281E5",
            },
        },
    }


def test_event() -> Json:
    """Return what S3 sends once, when a notification is configured."""
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": TIME,
        "Bucket": BUCKET,
        "RequestId": "5582815E1AEA5ADF",
        "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE",
    }


def sns(message: Json) -> Json:
    """Return a message in the envelope that SNS gives it without raw delivery."""
    text = json.dumps(message, ensure_ascii=False)
    return {
        "Type": "Notification",
        "MessageId": identifier(f"sns {text}"),
        "TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:csvlake-objects",
        "Subject": "Amazon S3 Notification" if "Records" in message or "Event" in message else None,
        "Message": text,
        "Timestamp": TIME,
        "SignatureVersion": "1",
        "Signature": "EXAMPLEpH+DcEwjAPg8O9mY8dReBSwksfg2S7WKQcikcNKWLQjwu6A4VbeS0QHVCkhRS7fUQvi2egU3N858f",
        "SigningCertURL": f"https://sns.{REGION}.amazonaws.com/SimpleNotificationService-0.pem",
        "UnsubscribeURL": f"https://sns.{REGION}.amazonaws.com/?Action=Unsubscribe",
    }


def sqs(*bodies: Json | str) -> Json:
    """Return a batch as Lambda is given it."""
    return {"Records": [sqs_record(number, body) for number, body in enumerate(bodies)]}


def sqs_record(number: int, body: Json | str) -> Json:
    """Return one message of a batch."""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return {
        "messageId": identifier(f"sqs {number} {text}"),
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
        "body": text,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1767323045000",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1767323045001",
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:csvlake-convert",
        "awsRegion": REGION,
    }


def samples() -> dict[str, Json]:
    """Return every sample by its file's name."""
    many = [f"csv-files/sales/dt=2026-01-0{number}/north.csv" for number in range(1, 10)]
    batch: list[Json | str] = [eventbridge(key) for key in many]
    batch.insert(4, "this is no JSON")
    return {
        "eventbridge-created.json": eventbridge(),
        "s3-notification.json": s3_notification(KEY),
        "sns-eventbridge-created.json": {
            "Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns(eventbridge())}]
        },
        "sqs-eventbridge-crawler-failed.json": sqs(
            crawler_state("Failed", errorMessage="Internal Service Exception")
        ),
        "sqs-eventbridge-crawler-succeeded.json": sqs(crawl()),
        "sqs-eventbridge-created.json": sqs(eventbridge()),
        "sqs-eventbridge-created-odd-key.json": sqs(eventbridge(ODD_KEY)),
        "sqs-eventbridge-deleted.json": sqs(eventbridge(deleted=True)),
        "sqs-batch-of-ten-one-poison.json": sqs(*batch),
        "sqs-look-at-key.json": sqs({"csvlake": "look_at_key", "bucket": BUCKET, "key": KEY}),
        "sqs-look-at-crawler.json": sqs({"csvlake": "look_at_crawler"}),
        "sqs-poison.json": sqs("this is no JSON"),
        "sqs-s3-notification.json": sqs(s3_notification(KEY)),
        "sqs-s3-notification-odd-key.json": sqs(s3_notification(ODD_KEY, KEY)),
        "sqs-s3-test-event.json": sqs(test_event()),
        "sqs-sns-eventbridge-crawler-succeeded.json": sqs(sns(crawl())),
        "sqs-sns-eventbridge-created.json": sqs(sns(eventbridge())),
        "sqs-sns-eventbridge-deleted.json": sqs(sns(eventbridge(deleted=True))),
        "sqs-sns-s3-notification.json": sqs(sns(s3_notification(KEY))),
    }


def write(event: Json) -> str:
    """Return a sample's text."""
    return json.dumps(event, indent=2, ensure_ascii=False) + "\n"


def find_stale() -> list[str]:
    """Return the names of the files that are not what would be written, left-over ones among them."""
    wanted = {name: write(event) for name, event in samples().items()}
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def main(arguments: list[str]) -> int:
    """Write the samples, or check them."""
    if arguments == ["--check"]:
        stale = find_stale()
        sys.stderr.writelines(f"events/{name} is stale: run python events/make_events.py\n" for name in stale)
        return 1 if stale else 0
    for name in find_stale():
        (FOLDER / name).unlink(missing_ok=True)
    for name, event in samples().items():
        (FOLDER / name).write_text(write(event), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
