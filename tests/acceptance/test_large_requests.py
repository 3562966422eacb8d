"""Requests as large as AWS takes them, through boto3 and a whole server."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from .conftest import Installation

ROLE = "arn:aws:iam::000000000000:role/pipeline"


def test_a_file_of_six_megabytes_is_put_into_a_repository(installation: Installation) -> None:
    """TG-135: its base64 is larger than the requests of other services may be."""
    client = installation.client("codecommit")
    client.create_repository(repositoryName="large")
    content = b"x" * (6 << 20)
    made = client.put_file(
        repositoryName="large", branchName="main", filePath="a", fileContent=content
    )
    assert client.get_blob(repositoryName="large", blobId=made["blobId"])["content"] == content


def test_a_configuration_has_values_of_fifty_thousand_characters(
    installation: Installation,
) -> None:
    """CP-013: more than the model says, which is what the SDK checks by default."""
    installation.client("s3").create_bucket(Bucket="artifacts")
    client = installation.client("codepipeline", parameter_validation=False)

    def create(characters: int) -> None:
        source = {
            "name": "Src",
            "actionTypeId": {
                "category": "Source", "owner": "AWS", "provider": "S3", "version": "1"
            },
            "configuration": {
                "S3Bucket": "b", "S3ObjectKey": "k" * characters, "PollForSourceChanges": "false"
            },
            "outputArtifacts": [{"name": "Out"}],
        }  # fmt: skip
        approve = {
            "name": "Ask",
            "actionTypeId": {
                "category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"
            },
        }  # fmt: skip
        client.create_pipeline(
            pipeline={
                "name": f"of-{characters}",
                "roleArn": ROLE,
                "artifactStore": {"type": "S3", "location": "artifacts"},
                "stages": [
                    {"name": "Source", "actions": [source]},
                    {"name": "Ask", "actions": [approve]},
                ],
            }
        )

    create(50_000)
    with pytest.raises(ClientError, match="ValidationException"):
        create(50_001)
