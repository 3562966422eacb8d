"""AWS CodeBuild, without fleets and sandboxes."""

from __future__ import annotations

from penstock.services.codebuild.batches import BuildBatches
from penstock.services.codebuild.builds import Builds
from penstock.services.codebuild.images import Images
from penstock.services.codebuild.projects import Projects
from penstock.services.codebuild.report_groups import ReportGroups
from penstock.services.codebuild.reports import Reports
from penstock.services.codebuild.source_credentials import SourceCredentials
from penstock.services.codebuild.webhooks import Webhooks


class CodeBuild(
    Projects, Webhooks, SourceCredentials, ReportGroups, Reports, Images, Builds, BuildBatches
):
    pass
