"""ECR, KMS and CloudFront, in the sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.errors import AwsError

from .sandbox_bench import SandboxBench
from .sandbox_bench import sandbox as sandbox

pytestmark = pytest.mark.anyio


async def test_a_repository_is_made_changed_and_deleted(sandbox: SandboxBench) -> None:
    rules = {"rules": [{
        "rulePriority": 1,
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5},
        "action": {"type": "expire"},
    }]}  # fmt: skip
    given: dict[str, Any] = {
        "RepositoryName": "shop/web",
        "ImageScanningConfiguration": {"ScanOnPush": "true"},
        "LifecyclePolicy": {"LifecyclePolicyText": json.dumps(rules)},
    }
    made = await sandbox.made("Images", "AWS::ECR::Repository", given)
    assert made.physical_id == "shop/web"
    assert made.attributes == {
        "Arn": "arn:aws:ecr:us-east-1:000000000000:repository/shop/web",
        "RepositoryUri": "000000000000.dkr.ecr.us-east-1.amazonaws.com/shop/web",
    }
    which = {"repositoryName": "shop/web"}
    assert (
        "imageCountMoreThan"
        in (await sandbox.ask("ecr", "GetLifecyclePolicy", **which))["lifecyclePolicyText"]
    )
    await sandbox.update(
        "Images", {"RepositoryName": "shop/web", "ImageTagMutability": "IMMUTABLE"}
    )
    [found] = (await sandbox.ask("ecr", "DescribeRepositories"))["repositories"]
    assert found["imageTagMutability"] == "IMMUTABLE"
    assert found["imageScanningConfiguration"] == {"scanOnPush": False}
    with pytest.raises(AwsError, match="LifecyclePolicyNotFoundException"):
        await sandbox.ask("ecr", "GetLifecyclePolicy", **which)
    await sandbox.delete("Images")
    assert (await sandbox.ask("ecr", "DescribeRepositories"))["repositories"] == []


async def test_a_key_with_an_alias_is_made_changed_and_deleted(sandbox: SandboxBench) -> None:
    given = {"Description": "artifacts", "EnableKeyRotation": True, "PendingWindowInDays": 7}
    key = await sandbox.made("Key", "AWS::KMS::Key", given)
    assert key.attributes["Arn"].endswith(f":key/{key.physical_id}")
    which = {"KeyId": key.physical_id}
    assert (await sandbox.ask("kms", "GetKeyRotationStatus", **which))["KeyRotationEnabled"]
    alias = {"AliasName": "alias/artifacts", "TargetKeyId": key.physical_id}
    assert (await sandbox.made("Alias", "AWS::KMS::Alias", alias)).physical_id == "alias/artifacts"
    await sandbox.update("Key", {"Description": "all", "EnableKeyRotation": False})
    found = (await sandbox.ask("kms", "DescribeKey", KeyId="alias/artifacts"))["KeyMetadata"]
    assert (found["Description"], found["KeyId"]) == ("all", key.physical_id)
    assert not (await sandbox.ask("kms", "GetKeyRotationStatus", **which))["KeyRotationEnabled"]
    await sandbox.delete("Alias")
    await sandbox.delete("Key")
    found = (await sandbox.ask("kms", "DescribeKey", **which))["KeyMetadata"]
    assert found["KeyState"] == "PendingDeletion"


async def test_a_distribution_is_made_changed_and_deleted(sandbox: SandboxBench) -> None:
    control = {
        "OriginAccessControlConfig": {
            "Name": "site",
            "OriginAccessControlOriginType": "s3",
            "SigningBehavior": "always",
            "SigningProtocol": "sigv4",
        }
    }
    access = await sandbox.made("Access", "AWS::CloudFront::OriginAccessControl", control)
    assert access.attributes == {"Id": access.physical_id}
    config: dict[str, Any] = {
        "Enabled": "true",
        "Aliases": ["www.example.com"],
        "DefaultRootObject": "index.html",
        "Origins": [
            {
                "Id": "site",
                "DomainName": "site.s3.amazonaws.com",
                "S3OriginConfig": {},
                "OriginAccessControlId": access.physical_id,
                "OriginCustomHeaders": [{"HeaderName": "x-a", "HeaderValue": "b"}],
            }
        ],
        "DefaultCacheBehavior": {
            "TargetOriginId": "site",
            "ViewerProtocolPolicy": "redirect-to-https",
            "AllowedMethods": ["GET", "HEAD", "OPTIONS"],
            "CachedMethods": ["GET", "HEAD"],
            "ForwardedValues": {"QueryString": False},
        },
        "CustomErrorResponses": [
            {"ErrorCode": 404, "ResponseCode": 200, "ResponsePagePath": "/index.html"}
        ],
        "Restrictions": {"GeoRestriction": {"RestrictionType": "whitelist", "Locations": ["DE"]}},
    }
    type = "AWS::CloudFront::Distribution"
    made = await sandbox.made("Site", type, {"DistributionConfig": config})
    assert made.attributes["Id"] == made.physical_id
    assert made.attributes["DomainName"].endswith(".cloudfront.net")
    again = await sandbox.made("Site", type, {"DistributionConfig": config}, again=True)
    assert again == made
    changed = {**config, "DefaultRootObject": "home.html", "Aliases": []}
    await sandbox.update("Site", {"DistributionConfig": changed})
    found = await sandbox.ask("cloudfront", "GetDistributionConfig", Id=made.physical_id)
    told = found["DistributionConfig"]
    assert (told["DefaultRootObject"], told["Aliases"]["Quantity"]) == ("home.html", 0)
    allowed = told["DefaultCacheBehavior"]["AllowedMethods"]
    assert allowed["Items"] == ["GET", "HEAD", "OPTIONS"]
    assert allowed["CachedMethods"]["Items"] == ["GET", "HEAD"]
    assert told["Restrictions"]["GeoRestriction"]["Items"] == ["DE"]
    for logical in ("Site", "Access"):
        await sandbox.delete(logical)
    with pytest.raises(AwsError, match="NoSuchDistribution"):
        await sandbox.ask("cloudfront", "GetDistribution", Id=made.physical_id)


async def test_a_distribution_of_an_origin_that_it_lacks_is_refused(sandbox: SandboxBench) -> None:
    config = {
        "Enabled": True,
        "Origins": [{"Id": "a", "DomainName": "a.example.com", "CustomOriginConfig": {
            "OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}}],
        "DefaultCacheBehavior": {"TargetOriginId": "b", "ViewerProtocolPolicy": "allow-all"},
    }  # fmt: skip
    type = "AWS::CloudFront::Distribution"
    assert "origin" in (await sandbox.refused("Site", type, {"DistributionConfig": config})).lower()
    more = {"DistributionConfig": {**config, "Extra": 1}}
    assert "unsupported property Extra" in await sandbox.refused("Site", type, more)
