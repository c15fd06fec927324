"""Hold back the one request that makes an object visible, until the object is known to be whole.

awswrangler asks its session for an S3 client at every call, and writes through it. The session given to it here hands
out a client that passes parts on and keeps the final request, to be sent by `Publication.commit`. awswrangler 3.17
alone would publish what it has when a writer fails half-way (its file object closes, and so puts, in a ``finally``),
and would try a failed put a second time when that object is destroyed, maybe seconds later: on the condition "nothing
stands there" it could then bring back an object that was deleted in between.
"""

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from csvlake.aws.errors import FOREIGN_ERRORS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["Publication"]


class Publication:
    """What awswrangler takes for a boto3 session and its client: one object, visible at `commit` and not before.

    A multipart upload that was not completed is aborted at the end of the ``with`` block.
    """

    def __init__(self, client: "S3Client") -> None:
        self._client = client
        self._final: Callable[[], Any] | None = None
        self._upload: dict[str, Any] | None = None

    def __enter__(self) -> "Publication":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._final = None
        if self._upload is None:
            return
        try:
            self._client.abort_multipart_upload(**self._upload)
        except FOREIGN_ERRORS as trouble:
            # The bucket's lifecycle rule removes what is left; the error that brought us here matters more.
            if error is not None:
                error.add_note(f"the multipart upload was left behind: {trouble}")

    def commit(self) -> None:
        """Send the request that makes the object visible.

        Raises:
            botocore.exceptions.ClientError: S3 refused it, a failed condition included.
        """
        if self._final is None:
            raise ValueError("nothing was written")
        self._final()
        self._final = self._upload = None

    def client(self, **_: Any) -> "Publication":
        """Return the client, whatever service is asked for: awswrangler asks for S3 only."""
        return self

    def put_object(self, **request: Any) -> dict[str, Any]:
        """Keep the request."""
        self._final = lambda: self._client.put_object(**request)
        return {}

    def create_multipart_upload(self, **request: Any) -> Any:
        """Begin an upload."""
        answer = self._client.create_multipart_upload(**request)
        self._upload = {"Bucket": request["Bucket"], "Key": request["Key"], "UploadId": answer["UploadId"]}
        return answer

    def upload_part(self, **request: Any) -> Any:
        """Send a part; it is not visible yet."""
        return self._client.upload_part(**request)

    def complete_multipart_upload(self, **request: Any) -> dict[str, Any]:
        """Keep the request."""
        self._final = lambda: self._client.complete_multipart_upload(**request)
        return {}
