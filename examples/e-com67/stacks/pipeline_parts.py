"""What the three pipelines have in common: their source, what starts them, where artifacts are."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_codecommit as codecommit
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_s3 as s3

from stacks.names import BRANCH, REPOSITORY


def artifacts_bucket(stack: Stack) -> s3.Bucket:
    return s3.Bucket(
        stack,
        "Artifacts",
        versioned=True,
        encryption=s3.BucketEncryption.S3_MANAGED,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        lifecycle_rules=[
            s3.LifecycleRule(
                expiration=Duration.days(30), noncurrent_version_expiration=Duration.days(30)
            )
        ],
        removal_policy=RemovalPolicy.RETAIN,
    )


def build_project(
    stack: Stack, id: str, name: str, buildspec: str, cache: s3.IBucket, **variables: str
) -> codebuild.PipelineProject:
    return codebuild.PipelineProject(
        stack,
        id,
        project_name=name,
        build_spec=codebuild.BuildSpec.from_source_filename(f"buildspecs/{buildspec}"),
        environment=codebuild.BuildEnvironment(
            build_image=codebuild.LinuxBuildImage.STANDARD_7_0,
            compute_type=codebuild.ComputeType.SMALL,
        ),
        environment_variables={
            key: codebuild.BuildEnvironmentVariable(value=value) for key, value in variables.items()
        },
        cache=codebuild.Cache.bucket(cache, prefix=f"build-cache/{name}"),
    )


def pipeline_on_push(
    stack: Stack, name: str, bucket: s3.IBucket
) -> tuple[codepipeline.Pipeline, codepipeline.Artifact]:
    """A pipeline with its first stage, which a push to the branch starts; and its source."""
    repository = codecommit.Repository.from_repository_name(stack, "Repository", REPOSITORY)
    source = codepipeline.Artifact("Source")
    pipeline = codepipeline.Pipeline(
        stack,
        "Pipeline",
        pipeline_name=f"{name}-pipeline",
        artifact_bucket=bucket,
        use_pipeline_role_for_actions=True,
    )
    pipeline.add_stage(
        stage_name="Source",
        actions=[
            actions.CodeCommitSourceAction(
                action_name="CodeCommit",
                repository=repository,
                branch=BRANCH,
                output=source,
                # The rule below starts it; its name is one that the team can look for.
                trigger=actions.CodeCommitTrigger.NONE,
            )
        ],
    )
    events.Rule(
        stack,
        "OnPush",
        rule_name=f"{name}-on-push",
        description=f"Starts {name}-pipeline on pushes to {BRANCH}",
        event_pattern=events.EventPattern(
            source=["aws.codecommit"],
            detail_type=["CodeCommit Repository State Change"],
            resources=[repository.repository_arn],
            detail={
                "event": ["referenceCreated", "referenceUpdated"],
                "referenceType": ["branch"],
                "referenceName": [BRANCH],
            },
        ),
        targets=[targets.CodePipeline(pipeline)],
    )
    return pipeline, source
