"""Orders: POST /orders, GET /orders/{id}."""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from e_com67_utils import Invalid, new_order

logger = Logger()


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    order_id = (event.get("pathParameters") or {}).get("id")
    try:
        return find(order_id) if order_id else place(json.loads(event.get("body") or "{}"))
    except (Invalid, ValueError) as error:
        return answer(400, {"error": str(error)})


def place(asked: dict[str, Any]) -> dict[str, Any]:
    products = [table("PRODUCTS_TABLE").get_item(Key={"id": id}) for id in asked.get("items", {})]
    prices = {
        found["Item"]["id"]: int(found["Item"]["cents"]) for found in products if "Item" in found
    }
    order = new_order(asked.get("items", {}), prices)
    table("ORDERS_TABLE").put_item(Item=order)
    logger.info("order placed", extra={"order": order["id"]})
    return answer(201, order)


def find(order_id: str) -> dict[str, Any]:
    found = table("ORDERS_TABLE").get_item(Key={"id": order_id})
    if "Item" not in found:
        return answer(404, {"error": f"there is no order {order_id}"})
    return answer(200, found["Item"])


def answer(status: int, body: dict[str, Any]) -> dict[str, Any]:
    # DynamoDB's numbers are decimals; ours are whole cents.
    return {"statusCode": status, "body": json.dumps(body, default=int)}


@cache
def table(variable: str) -> Any:
    return boto3.resource("dynamodb").Table(os.environ[variable])
