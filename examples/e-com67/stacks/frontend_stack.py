"""Where the two front ends are served from. The pipelines bring what is in the buckets."""

from aws_cdk import Aws, CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.names import ADMIN, CUSTOMER, Site


class FrontendStack(Stack):
    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name, description="E-Com67: buckets and CDN of the front ends")
        for site in (ADMIN, CUSTOMER):
            self._site(site)

    def _site(self, site: Site) -> None:
        bucket = s3.Bucket(
            self,
            f"{site.id}Bucket",
            bucket_name=f"{site.name}-{Aws.ACCOUNT_ID}",
            # A rollback is an earlier version of each object.
            versioned=True,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            removal_policy=RemovalPolicy.RETAIN,
        )
        identity = cloudfront.OriginAccessIdentity(self, f"{site.id}Identity", comment=site.name)
        origin = origins.S3BucketOrigin.with_origin_access_identity(
            bucket, origin_access_identity=identity
        )
        distribution = cloudfront.Distribution(
            self,
            f"{site.id}Distribution",
            comment=site.name,
            default_root_object="index.html",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origin,
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            ),
            # Paths are the application's; S3 answers 403 for those that are no object.
            error_responses=[
                cloudfront.ErrorResponse(
                    http_status=status,
                    response_http_status=200,
                    response_page_path="/index.html",
                )
                for status in (403, 404)
            ],
        )
        CfnOutput(
            self,
            f"{site.id}DistributionId",
            value=distribution.distribution_id,
            export_name=site.distribution_export,
        )
        CfnOutput(self, f"{site.id}Url", value=f"https://{distribution.domain_name}")
