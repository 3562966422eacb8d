from stacks.admin_pipeline_stack import AdminPipelineStack
from stacks.api_stack import ApiStack
from stacks.backend_pipeline_stack import BackendPipelineStack
from stacks.compute_stack import ComputeStack
from stacks.customer_pipeline_stack import CustomerPipelineStack
from stacks.data_stack import DataStack
from stacks.frontend_stack import FrontendStack

__all__ = [
    "AdminPipelineStack",
    "ApiStack",
    "BackendPipelineStack",
    "ComputeStack",
    "CustomerPipelineStack",
    "DataStack",
    "FrontendStack",
]
