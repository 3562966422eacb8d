"""`python -m gauges [PORT]`, or the packed `gauges.pyz`."""

from __future__ import annotations

import os
import sys

from gauges.server import GaugeServer, Settings


def main() -> None:
    token = os.environ.get("API_TOKEN")
    if not token:
        sys.exit("gauges: set API_TOKEN to the token that clients must send")
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080
    flood_cm = float(os.environ.get("FLOOD_LEVEL_CM", "450"))
    with GaugeServer(("127.0.0.1", port), Settings(token, flood_cm)) as server:
        print(f"gauges: listening on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
