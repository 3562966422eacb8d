"""The API: one function behind an HTTP API."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_apigatewayv2 as api
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from stacks.compute_stack import ComputeStack


class ApiStack(Stack):
    def __init__(self, scope: Construct, name: str, *, compute: ComputeStack) -> None:
        super().__init__(scope, name, description="E-Com67: the API")
        shop = api.HttpApi(self, "Api", api_name="e-com67-api")
        orders = HttpLambdaIntegration("Orders", compute.orders)
        routes = {"/orders": api.HttpMethod.POST, "/orders/{id}": api.HttpMethod.GET}
        for path, method in routes.items():
            shop.add_routes(path=path, methods=[method], integration=orders)
        CfnOutput(self, "ApiUrl", value=shop.api_endpoint)
