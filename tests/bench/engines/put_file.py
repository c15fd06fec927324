"""csvlake's upload: ``FILE s3://bucket/key``, in a process of its own."""

import sys
from pathlib import Path

import boto3

from csvlake.aws.s3 import S3ObjectStore

_bucket, _, _key = sys.argv[2].removeprefix("s3://").partition("/")
S3ObjectStore(boto3.Session(), _bucket).put_file(_key, Path(sys.argv[1]))
