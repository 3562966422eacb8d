import unittest

from gauges.levels import BadReading, Summary, parse_reading, status, summarise, trend


class ParseReading(unittest.TestCase):
    def test_a_number_is_a_level(self) -> None:
        self.assertEqual(parse_reading({"level_cm": 231}), 231.0)

    def test_what_is_no_level_is_refused(self) -> None:
        for body in ({}, [], None, {"level_cm": "231"}, {"level_cm": True}, {"level_cm": 9000}):
            with self.subTest(body=body), self.assertRaises(BadReading):
                parse_reading(body)


class Trend(unittest.TestCase):
    def test_one_reading_has_no_trend(self) -> None:
        self.assertEqual(trend([100]), "steady")

    def test_small_changes_are_steady(self) -> None:
        self.assertEqual(trend([100, 101, 99, 101]), "steady")

    def test_only_the_last_readings_count(self) -> None:
        self.assertEqual(trend([900, 100, 100, 100, 140]), "rising")
        self.assertEqual(trend([10, 100, 100, 100, 60]), "falling")


class Status(unittest.TestCase):
    def test_flood_starts_at_the_flood_level(self) -> None:
        self.assertEqual(status(450, 450), "flood")
        self.assertEqual(status(449, 450), "watch")
        self.assertEqual(status(359, 450), "normal")


class Summarise(unittest.TestCase):
    def test_the_highest_water_comes_first(self) -> None:
        found = summarise({"aare": [200], "rhine": [380, 390], "dry": []}, 450)
        self.assertEqual(
            found,
            [Summary("rhine", 390, "rising", "watch"), Summary("aare", 200, "steady", "normal")],
        )
