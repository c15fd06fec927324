"""What LocalEmu's enforcement of IAM policies (1.3.2, `up --iam`) gets wrong here.

- Buckets, topics and queues rightly deny plain HTTP, and on this machine there is nothing else: loopback counts as TLS.
- It makes up the ARNs of Glue's resources. A call is judged here by the narrowest resource that it names; AWS wants the
  database and the catalog allowed as well.
"""

from typing import Any

from localemu.services.iam_enforcement import enforcer


def glue_arn(operation: str, parameters: dict[str, Any], region: str, account_id: str) -> str:
    """Return the narrowest resource that a call names.

    https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
    """
    name = parameters.get("Name") or parameters.get("CrawlerName") or parameters.get("JobName")
    database = parameters.get("DatabaseName")
    table = parameters.get("TableName") or parameters.get("TableInput", {}).get("Name") or name
    if "Crawler" in operation:
        resource = f"crawler/{name or '*'}"
    elif "Job" in operation:
        resource = f"job/{name or '*'}"
    elif database and table:
        resource = f"table/{database}/{table}"
    elif database or name:
        resource = f"database/{database or name}"
    else:
        resource = "catalog"
    return f"arn:aws:glue:{region}:{account_id}:{resource}"


def install() -> None:
    """Judge by the right ARNs and by TLS from now on."""
    build_conditions, build_arn = enforcer._build_conditions, enforcer.build_resource_arn

    def conditions(context: Any, caller: Any) -> dict[str, Any]:
        return {**build_conditions(context, caller), "aws:SecureTransport": "true"}

    def arn(*, service: str, operation: str, request_params: Any, region: str, account_id: str) -> str:
        if service == "glue":
            return glue_arn(operation, dict(request_params or {}), region, account_id)
        return str(build_arn(service, operation, request_params, region, account_id))

    enforcer._build_conditions, enforcer.build_resource_arn = conditions, arn
