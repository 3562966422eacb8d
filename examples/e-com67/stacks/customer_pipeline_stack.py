from constructs import Construct

from stacks.names import CUSTOMER
from stacks.site_pipeline_stack import SitePipelineStack


class CustomerPipelineStack(SitePipelineStack):
    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name, CUSTOMER)
