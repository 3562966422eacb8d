from constructs import Construct

from stacks.names import ADMIN
from stacks.site_pipeline_stack import SitePipelineStack


class AdminPipelineStack(SitePipelineStack):
    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name, ADMIN)
