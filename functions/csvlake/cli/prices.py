"""AWS's list prices, in one place: US dollars in us-east-1, without free tiers and volume discounts.

As guides to AWS's price pages told in the first half of 2026; the pages themselves could not be opened, so compare them
(`Price.source`) before you rely on a figure. Other regions differ by some per cent. EventBridge's events of S3 are
counted at the price of custom events, though guides call them free: the estimate is rather too high.
"""

from dataclasses import dataclass
from typing import Final

__all__ = ["AS_OF", "PRICES", "REGION", "Price"]

AS_OF: Final = "2026-06"
REGION: Final = "us-east-1"


@dataclass(frozen=True)
class Price:
    """What one unit costs.

    Attributes:
        usd: for ``per`` units.
        source: the page that has the price.
    """

    usd: float
    per: int
    unit: str
    source: str


_S3 = "https://aws.amazon.com/s3/pricing/"
_CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"
_LAMBDA = "https://aws.amazon.com/lambda/pricing/"

PRICES: Final = {
    "S3 storage": Price(0.023, 1, "GB-months", _S3),
    "S3 PUT": Price(0.005, 1_000, "requests", _S3),
    "S3 GET, HEAD": Price(0.0004, 1_000, "requests", _S3),
    "EventBridge": Price(1.00, 1_000_000, "events", "https://aws.amazon.com/eventbridge/pricing/"),
    "SNS": Price(0.50, 1_000_000, "messages", "https://aws.amazon.com/sns/pricing/"),
    "SQS": Price(0.40, 1_000_000, "requests", "https://aws.amazon.com/sqs/pricing/"),
    "Lambda runs": Price(0.20, 1_000_000, "runs", _LAMBDA),
    "Lambda time, x86_64": Price(0.0000166667, 1, "GB-seconds", _LAMBDA),
    "Lambda time, arm64": Price(0.0000133334, 1, "GB-seconds", _LAMBDA),
    "Glue catalog": Price(1.00, 1_000_000, "requests", "https://aws.amazon.com/glue/pricing/"),
    "Athena": Price(5.00, 1_000, "GB scanned", "https://aws.amazon.com/athena/pricing/"),
    "CloudWatch logs": Price(0.50, 1, "GB", _CLOUDWATCH),
    "CloudWatch metrics": Price(0.30, 1, "metrics", _CLOUDWATCH),
    "CloudWatch alarms": Price(0.10, 1, "alarms", _CLOUDWATCH),
}
