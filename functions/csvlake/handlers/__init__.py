"""One thin composition root per Lambda function."""
