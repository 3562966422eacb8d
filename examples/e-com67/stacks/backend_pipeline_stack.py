"""From a push to the deployed back end: synth, then Data, Compute and Api, one after the other."""

from aws_cdk import CfnCapabilities, Stack
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from constructs import Construct

from stacks.pipeline_parts import artifacts_bucket, build_project, pipeline_on_push

CAPABILITIES = [CfnCapabilities.NAMED_IAM]


class BackendPipelineStack(Stack):
    """It does not change itself: an update of the pipeline is a `cdk deploy` of this stack."""

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name, description="E-Com67: the pipeline of the back end")
        bucket = artifacts_bucket(self)
        pipeline, source = pipeline_on_push(self, "e-com67-backend", bucket)
        templates = codepipeline.Artifact("Templates")
        # Lambda takes these ZIP files as the build left them.
        code = [codepipeline.Artifact(name) for name in ("Functions", "Powertools", "Utils")]
        synth = build_project(
            self, "Synth", "e-com67-backend-pipeline-synth", "backend.yml", bucket
        )
        pipeline.add_stage(
            stage_name="Synth",
            actions=[
                actions.CodeBuildAction(
                    action_name="Synth",
                    project=synth,
                    input=source,
                    outputs=[templates, *code],
                )
            ],
        )
        pipeline.add_stage(
            stage_name="Deploy",
            actions=[
                self._deployed("Data", templates, run_order=1),
                self._deployed("Compute", templates, run_order=2, code=code),
                *self._changed("Api", templates, run_order=3),
            ],
        )

    def _deployed(
        self,
        stack: str,
        templates: codepipeline.Artifact,
        *,
        run_order: int,
        code: list[codepipeline.Artifact] | None = None,
    ) -> codepipeline.IAction:
        overrides: dict[str, str] = {}
        for artifact in code or []:
            overrides[f"{artifact.artifact_name}Bucket"] = artifact.bucket_name
            overrides[f"{artifact.artifact_name}Key"] = artifact.object_key
        return actions.CloudFormationCreateUpdateStackAction(
            action_name=stack,
            stack_name=f"E-Com67-{stack}Stack",
            template_path=template_of(stack, templates),
            parameter_overrides=overrides,
            extra_inputs=code or [],
            admin_permissions=True,
            cfn_capabilities=CAPABILITIES,
            run_order=run_order,
        )

    def _changed(
        self, stack: str, templates: codepipeline.Artifact, *, run_order: int
    ) -> list[codepipeline.IAction]:
        """By a change set, so that what changes can be read before it does."""
        names = {"stack_name": f"E-Com67-{stack}Stack", "change_set_name": "pipeline"}
        return [
            actions.CloudFormationCreateReplaceChangeSetAction(
                action_name=f"{stack}ChangeSet",
                template_path=template_of(stack, templates),
                admin_permissions=True,
                cfn_capabilities=CAPABILITIES,
                run_order=run_order,
                **names,
            ),
            actions.CloudFormationExecuteChangeSetAction(
                action_name=stack, run_order=run_order + 1, **names
            ),
        ]


def template_of(stack: str, templates: codepipeline.Artifact) -> codepipeline.ArtifactPath:
    return templates.at_path(f"E-Com67-{stack}Stack.template.json")
