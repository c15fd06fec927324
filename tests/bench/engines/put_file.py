"""csvlake's upload: ``FILE s3://bucket/key``, in a process of its own."""

import sys
from pathlib import Path

import boto3

from csvlake.aws.s3 import S3ObjectStore

_bucket, _, _key = sys.argv[2].removeprefix("s3://").partition("/")
_upload = S3ObjectStore(boto3.Session(), _bucket).begin_file(_key)
_upload.complete(Path(sys.argv[1]), None)
_upload.close()
