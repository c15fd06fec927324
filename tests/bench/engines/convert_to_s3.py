"""csvlake from S3 to S3: ``s3://bucket/in s3://bucket/out [--after]``, sending the file while it is made, or after."""

import sys
import tempfile
from pathlib import Path

from csvlake.settings import prepare_process


def main(source: str, target: str, *options: str) -> None:
    """Convert a large object."""
    prepare_process()
    import boto3

    from csvlake import engine
    from csvlake.aws.s3 import S3ObjectStore, open_s3_source
    from csvlake.engine.model import ConvertOptions, Output

    session = boto3.Session()
    bucket, _, key = target.removeprefix("s3://").partition("/")
    upload = S3ObjectStore(session, bucket).begin_file(key)
    output = None if options == ("--after",) else Output(upload.grow, upload.drop, lambda _report: {})
    with tempfile.TemporaryDirectory() as folder:
        opened = open_s3_source(source, session)
        converted = engine.convert(opened, ConvertOptions(scratch_dir=Path(folder)), output=output)
        assert converted.path is not None
        upload.complete(converted.path, None)
    upload.close()
    opened.close()


main(*sys.argv[1:])
