import unittest

from e_com67_utils import Invalid, new_order

PRICES = {"mug": 900, "tea": 450}


class NewOrder(unittest.TestCase):
    def test_its_sum_is_that_of_all_items(self) -> None:
        order = new_order({"mug": 2, "tea": 1}, PRICES)
        self.assertEqual(order["cents"], 2250)

    def test_unknown_products_are_named(self) -> None:
        with self.assertRaisesRegex(Invalid, "unknown products: jar, pot"):
            new_order({"pot": 1, "mug": 1, "jar": 1}, PRICES)

    def test_nothing_and_too_much_are_no_orders(self) -> None:
        for items in ({}, {"tea": 0}, {"tea": 100}):
            with self.subTest(items), self.assertRaises(Invalid):
                new_order(items, PRICES)
