"""The functions and their layers. Parameters say where the pipeline's build has left their code."""

from aws_cdk import CfnParameter, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.data_stack import DataStack

PYTHON = lambda_.Runtime.PYTHON_3_12


class ComputeStack(Stack):
    def __init__(self, scope: Construct, name: str, *, data: DataStack) -> None:
        super().__init__(scope, name, description="E-Com67: functions and their layers")
        layers = [self._layer("Powertools"), self._layer("Utils")]
        self.orders = lambda_.Function(
            self,
            "OrdersFunction",
            function_name="e-com67-orders",
            runtime=PYTHON,
            handler="orders.handle",
            code=self._code("Functions"),
            layers=layers,
            timeout=Duration.seconds(10),
            environment={
                "ORDERS_TABLE": data.orders.table_name,
                "PRODUCTS_TABLE": data.products.table_name,
                "POWERTOOLS_SERVICE_NAME": "e-com67-orders",
            },
        )
        data.orders.grant_read_write_data(self.orders)
        data.products.grant_read_data(self.orders)

    def _layer(self, name: str) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            f"{name}Layer",
            layer_version_name=f"e-com67-{name.lower()}",
            compatible_runtimes=[PYTHON],
            code=self._code(name),
        )

    def _code(self, name: str) -> lambda_.Code:
        return lambda_.Code.from_cfn_parameters(
            bucket_name_param=CfnParameter(self, f"{name}Bucket"),
            object_key_param=CfnParameter(self, f"{name}Key"),
        )
