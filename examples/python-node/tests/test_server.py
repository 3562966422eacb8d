import http.client
import json
import threading
import unittest

from gauges.server import GaugeServer, Settings


class Server(unittest.TestCase):
    def setUp(self) -> None:
        self.server = GaugeServer(("127.0.0.1", 0), Settings(token="t0ken"))
        thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def ask(self, method: str, path: str, body: str | None = None, token: str = "t0ken"):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=5)
        self.addCleanup(connection.close)
        connection.request(method, path, body, {"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def test_a_reading_shows_up_in_the_list(self) -> None:
        self.assertEqual(self.ask("POST", "/api/gauges/aare/readings", '{"level_cm": 460}')[0], 201)
        self.assertEqual(
            self.ask("GET", "/api/gauges"),
            (200, [{"gauge": "aare", "level_cm": 460.0, "trend": "steady", "status": "flood"}]),
        )

    def test_without_the_token_nothing_is_taken(self) -> None:
        status, _ = self.ask("POST", "/api/gauges/aare/readings", '{"level_cm": 1}', token="guess")
        self.assertEqual(status, 401)
        self.assertEqual(self.ask("GET", "/api/gauges"), (200, []))

    def test_a_bad_body_is_explained(self) -> None:
        status, answer = self.ask("POST", "/api/gauges/aare/readings", "{")
        self.assertEqual((status, answer), (400, {"error": "the body must be JSON"}))

    def test_files_outside_the_page_are_not_served(self) -> None:
        for path in ("/server.py", "/../server.py", "/nowhere"):
            with self.subTest(path=path):
                self.assertEqual(self.ask("GET", path)[0], 404)
