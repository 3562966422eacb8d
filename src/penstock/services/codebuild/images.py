"""CodeBuild's own images (CB-055)."""

from __future__ import annotations

from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call

_IMAGES = {
    "AMAZON_LINUX": (
        "aws/codebuild/amazonlinux-aarch64-standard:3.0",
        "aws/codebuild/amazonlinux-aarch64-standard:4.0",
        "aws/codebuild/amazonlinux-x86_64-standard:5.0",
        "aws/codebuild/amazonlinux-x86_64-standard:6.0",
    ),
    "UBUNTU": (
        "aws/codebuild/standard:5.0",
        "aws/codebuild/standard:6.0",
        "aws/codebuild/standard:7.0",
        "aws/codebuild/standard:8.0",
    ),
}


class Images(Service):
    async def list_curated_environment_images(self, call: Call, request: Request) -> Answer:
        """Those of containers on Linux. The versions AWS adds to a name by date are not known."""
        return {
            "platforms": [
                {
                    "platform": platform,
                    "languages": [{"language": "BASE", "images": [_shown(name) for name in names]}],
                }
                for platform, names in _IMAGES.items()
            ]
        }


def _shown(name: str) -> Answer:
    return {"name": name, "description": f"AWS CodeBuild - {name}", "versions": [name]}
