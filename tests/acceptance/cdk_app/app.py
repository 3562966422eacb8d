"""A site, and the pipeline that releases it: two stacks, of which one needs the other."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk  # type: ignore[import-not-found]
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_codecommit as codecommit
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as assets

BUILD = {
    "version": "0.2",
    "phases": {"build": {"commands": ['echo "$GREETING, $(cat name)" > index.html']}},
    "artifacts": {"files": ["index.html"]},
}


def site_of(app: Any) -> Any:
    """The bucket of the site, and a file that is published before the stack is made."""
    stack = cdk.Stack(app, "Site")
    bucket = s3.Bucket(stack, "Bucket", removal_policy=cdk.RemovalPolicy.DESTROY)
    licence = assets.Asset(stack, "Licence", path=str(Path(__file__).with_name("licence.txt")))
    cdk.CfnOutput(stack, "BucketName", value=bucket.bucket_name)
    cdk.CfnOutput(stack, "LicenceUrl", value=licence.s3_object_url)
    return bucket


def release(app: Any, site: Any) -> None:
    """Whatever is pushed to main is built and copied to the site."""
    stack = cdk.Stack(app, "Release")
    repository = codecommit.Repository(stack, "Repository", repository_name="site")
    greeting = app.node.try_get_context("greeting")
    project = codebuild.PipelineProject(
        stack,
        "Build",
        build_spec=codebuild.BuildSpec.from_object(BUILD),
        environment_variables={"GREETING": {"value": greeting}},
    )
    source, built = codepipeline.Artifact(), codepipeline.Artifact()
    fetch = actions.CodeCommitSourceAction(
        action_name="Fetch", repository=repository, branch="main", output=source
    )
    build = actions.CodeBuildAction(
        action_name="Make", project=project, input=source, outputs=[built]
    )
    copy = actions.S3DeployAction(action_name="Copy", bucket=site, input=built)
    pipeline = codepipeline.Pipeline(
        stack,
        "Pipeline",
        pipeline_type=codepipeline.PipelineType.V2,
        stages=[
            {"stageName": stage, "actions": [action]}
            for stage, action in (("Source", fetch), ("Build", build), ("Deploy", copy))
        ],
    )
    cdk.CfnOutput(stack, "PipelineName", value=pipeline.pipeline_name)
    cdk.CfnOutput(stack, "CloneUrl", value=repository.repository_clone_url_http)


app = cdk.App()
release(app, site_of(app))
app.synth()
