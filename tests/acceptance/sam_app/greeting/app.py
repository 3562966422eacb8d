import json
import os
from typing import Any


def handler(event: Any, context: Any) -> dict[str, Any]:
    return {"statusCode": 200, "body": json.dumps({"text": f"{os.environ['GREETING']}!"})}
