#!/usr/bin/env python3
"""The stacks of E-Com67: those of the shop itself, or those of its pipelines.

- `cdk synth`: the shop, which is Data, Compute, Api and Frontend
- `USE_BACKEND_PIPELINE=true cdk synth`: the pipeline that deploys Data, Compute and Api
- `USE_FRONTEND_PIPELINES=true cdk synth`: the pipelines of the two front ends
- with `WITH_FRONTEND=true` too: and Frontend, whose buckets these deploy to; for a rehearsal
"""

import os

from aws_cdk import App, DefaultStackSynthesizer
from stacks import (
    AdminPipelineStack,
    ApiStack,
    BackendPipelineStack,
    ComputeStack,
    CustomerPipelineStack,
    DataStack,
    FrontendStack,
)


def is_on(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes"}


# The templates are deployed by a pipeline too, which needs no bootstrapped account.
app = App(default_stack_synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False))

if is_on("USE_BACKEND_PIPELINE"):
    BackendPipelineStack(app, "E-Com67-BackendPipelineStack")
if is_on("USE_FRONTEND_PIPELINES"):
    pipelines = (
        AdminPipelineStack(app, "E-Com67-AdminPipelineStack"),
        CustomerPipelineStack(app, "E-Com67-CustomerPipelineStack"),
    )
    if is_on("WITH_FRONTEND"):
        frontend = FrontendStack(app, "E-Com67-FrontendStack")
        for pipeline in pipelines:
            pipeline.add_dependency(frontend)
if not is_on("USE_BACKEND_PIPELINE") and not is_on("USE_FRONTEND_PIPELINES"):
    data = DataStack(app, "E-Com67-DataStack")
    compute = ComputeStack(app, "E-Com67-ComputeStack", data=data)
    ApiStack(app, "E-Com67-ApiStack", compute=compute)
    FrontendStack(app, "E-Com67-FrontendStack")

app.synth()
