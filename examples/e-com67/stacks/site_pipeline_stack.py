"""From a push to a front end that is served: npm build, S3, and the CDN forgets what it has."""

from aws_cdk import Arn, ArnComponents, Aws, Duration, Fn, Stack
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.names import Site
from stacks.pipeline_parts import artifacts_bucket, build_project, pipeline_on_push


class SitePipelineStack(Stack):
    def __init__(self, scope: Construct, name: str, site: Site) -> None:
        super().__init__(scope, name, description=f"E-Com67: the pipeline of {site.folder}")
        bucket = artifacts_bucket(self)
        pipeline, source = pipeline_on_push(self, site.name, bucket)
        built = codepipeline.Artifact("Site")
        build = build_project(
            self, "Build", f"{site.name}-build", "frontend.yml", bucket, APP=site.folder
        )
        pipeline.add_stage(
            stage_name="Build",
            actions=[
                actions.CodeBuildAction(
                    action_name="Build", project=build, input=source, outputs=[built]
                )
            ],
        )
        pipeline.add_stage(
            stage_name="Deploy",
            actions=[self._upload(site, built), self._invalidation(site, source, bucket)],
        )

    def _upload(self, site: Site, built: codepipeline.Artifact) -> codepipeline.IAction:
        return actions.S3DeployAction(
            action_name="Upload",
            bucket=s3.Bucket.from_bucket_name(self, "Bucket", f"{site.name}-{Aws.ACCOUNT_ID}"),
            input=built,
            extract=True,
            cache_control=[actions.CacheControl.max_age(Duration.minutes(5))],
            run_order=1,
        )

    def _invalidation(
        self, site: Site, source: codepipeline.Artifact, bucket: s3.IBucket
    ) -> codepipeline.IAction:
        distribution = Fn.import_value(site.distribution_export)
        project = build_project(
            self,
            "Invalidate",
            f"{site.name}-invalidate",
            "invalidate.yml",
            bucket,
            DISTRIBUTION=distribution,
        )
        arn = Arn.format(
            ArnComponents(
                service="cloudfront", region="", resource="distribution", resource_name=distribution
            ),
            self,
        )
        project.add_to_role_policy(
            iam.PolicyStatement(actions=["cloudfront:CreateInvalidation"], resources=[arn])
        )
        return actions.CodeBuildAction(
            action_name="Invalidate", project=project, input=source, run_order=2
        )
