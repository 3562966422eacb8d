"""Which calls hand a build's result to others: push an image, upload, deploy."""

from __future__ import annotations

from penstock.lint.shell import Call

_PUBLISHING = {
    "cargo": (("publish",),),
    "cdk": (("deploy",),),
    "copilot": (("deploy",), ("svc", "deploy")),
    "docker": (("push",), ("image", "push"), ("manifest", "push"), ("compose", "push")),
    "docker-compose": (("push",),),
    "dotnet": (("nuget", "push"),),
    "eb": (("deploy",),),
    "gem": (("push",),),
    "git": (("push",),),
    "helm": (("upgrade",), ("install",), ("push",)),
    "kubectl": (("apply",), ("set",), ("rollout", "restart"), ("replace",), ("patch",)),
    "mvn": (("deploy",),),
    "npm": (("publish",),),
    "pnpm": (("publish",),),
    "poetry": (("publish",),),
    "podman": (("push",),),
    "pulumi": (("up",),),
    "sam": (("deploy",),),
    "serverless": (("deploy",),),
    "sls": (("deploy",),),
    "terraform": (("apply",),),
    "twine": (("upload",),),
    "yarn": (("publish",), ("cdk", "deploy"), ("npm", "publish")),
    "aws": (
        ("amplify", "start-deployment"),
        ("apprunner", "start-deployment"),
        ("cloudformation", "create-stack"),
        ("cloudformation", "deploy"),
        ("cloudformation", "execute-change-set"),
        ("cloudformation", "update-stack"),
        ("cloudfront", "create-invalidation"),
        ("codeartifact", "publish-package-version"),
        ("deploy", "create-deployment"),
        ("deploy", "push"),
        ("ecr", "put-image"),
        ("ecs", "deploy"),
        ("ecs", "register-task-definition"),
        ("ecs", "update-service"),
        ("elasticbeanstalk", "create-application-version"),
        ("elasticbeanstalk", "update-environment"),
        ("lambda", "publish-layer-version"),
        ("lambda", "publish-version"),
        ("lambda", "update-alias"),
        ("lambda", "update-function-code"),
        ("s3api", "put-object"),
    ),
}
_S3_TRANSFERS = frozenset({"cp", "sync", "mv"})


def publishes(call: Call) -> str:
    """The words that publish, such as `docker push`; empty if the call does not."""
    words = [word for word in call.plain if not word.startswith("-")]
    program = call.program
    if program == "aws" and "s3" in words[:4] and not _is_rehearsal(call):
        transfer = words[words.index("s3") + 1 : words.index("s3") + 2]
        if transfer and transfer[0] in _S3_TRANSFERS and _uploads(call.plain):
            return f"aws s3 {transfer[0]}"
    # Only `aws` commonly has the value of an option (`--region x`) before its subcommand.
    starts = range(1, 4 if program == "aws" else 2)
    for arguments in _PUBLISHING.get(program, ()):
        here = any(tuple(words[start : start + len(arguments)]) == arguments for start in starts)
        if here and not _is_rehearsal(call):
            return " ".join((program, *arguments))
    return ""


def _is_rehearsal(call: Call) -> bool:
    return any("dry-run" in word or "dryrun" in word for word in call.plain)


def _uploads(words: tuple[str, ...]) -> bool:
    """Whether a transfer ends in a bucket: behind the first `s3://` comes no path to write to."""
    first = next((index for index, word in enumerate(words) if word.startswith("s3://")), None)
    if first is None:
        return False
    behind = words[first + 1 : first + 2]
    return not behind or behind[0].startswith(("-", "s3://"))
