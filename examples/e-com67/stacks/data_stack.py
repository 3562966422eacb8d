"""What is kept: products and orders."""

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct


class DataStack(Stack):
    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name, description="E-Com67: products and orders")
        self.products = self._table("Products", "e-com67-products")
        self.orders = self._table("Orders", "e-com67-orders")

    def _table(self, name: str, table_name: str) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            name,
            table_name=table_name,
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            removal_policy=RemovalPolicy.RETAIN,
        )
