"""What CodeBuild owns: projects, report groups, credentials of sources."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.resources.codebuild.projects import Project
from penstock.resources.codebuild.report_groups import ReportGroup
from penstock.resources.codebuild.source_credentials import SourceCredential
from penstock.resources.contract import Handler

HANDLERS: Mapping[str, Handler] = {
    "AWS::CodeBuild::Project": Project(),
    "AWS::CodeBuild::ReportGroup": ReportGroup(),
    "AWS::CodeBuild::SourceCredential": SourceCredential(),
}
