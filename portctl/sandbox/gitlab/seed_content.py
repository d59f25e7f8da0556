"""The files of the seeded repositories: projects for pipelines and for marks, five small services with tests.

The tests of `checkout` cover 65 percent of its lines, those of `payments` and `catalog` nearly everything.
"""

from __future__ import annotations

from collections.abc import Mapping

from portctl.sandbox.gitlab import seed_more_services as more

Files = Mapping[str, str]

_IGNORED = "__pycache__/\n.coverage\ncoverage.xml\n"
_DEPLOY = """#!/bin/sh
# Deploys to the environment that the first argument names.
set -eu
printf 'deployed %s to %s\\n' SERVICE "${1:?which environment?}"
"""

_CHECKOUT = '''# Totals of a shopping basket, in cents.

from __future__ import annotations

from dataclasses import dataclass

HOME = "DE"
FREE_FROM_CENTS = 5000


@dataclass(frozen=True)
class Line:
    # One article in the basket.
    article: str
    unit_cents: int
    quantity: int


def total_cents(lines: list[Line]) -> int:
    return sum(line.unit_cents * line.quantity for line in lines)


def pieces(lines: list[Line]) -> int:
    return sum(line.quantity for line in lines)


def is_parcel(lines: list[Line]) -> bool:
    return pieces(lines) > 2


def shipping_cents(lines: list[Line], country: str) -> int:
    """Free from 50.00 within the country."""
    goods = total_cents(lines)
    if not lines:
        return 0
    if country == HOME:
        if goods >= FREE_FROM_CENTS:
            return 0
        return 490
    if country in ("AT", "CH"):
        return 990
    return 1990


def discount_cents(lines: list[Line], code: str | None) -> int:
    goods = total_cents(lines)
    if code is None:
        return 0
    if code == "WELCOME10":
        return goods // 10
    if code == "FLAT5":
        return min(goods, 500)
    raise ValueError(f"unknown discount code: {code}")


def to_pay_cents(lines: list[Line], country: str, code: str | None = None) -> int:
    goods = total_cents(lines)
    discount = discount_cents(lines, code)
    shipping = shipping_cents(lines, country)
    return goods - discount + shipping
'''
_CHECKOUT_TEST = """import unittest

from checkout import Line, shipping_cents, total_cents


class TotalTest(unittest.TestCase):
    def test_an_empty_basket_costs_nothing(self) -> None:
        self.assertEqual(total_cents([]), 0)

    def test_lines_are_added_up(self) -> None:
        lines = [Line("tea", 450, 2), Line("cup", 900, 1)]
        self.assertEqual(total_cents(lines), 1800)


class ShippingTest(unittest.TestCase):
    def test_nothing_is_shipped_for_nothing(self) -> None:
        self.assertEqual(shipping_cents([], "DE"), 0)

    def test_it_depends_on_country_and_value(self) -> None:
        tea = [Line("tea", 450, 2)]
        self.assertEqual([shipping_cents(tea, country) for country in ("DE", "AT", "US")], [490, 990, 1990])
        self.assertEqual(shipping_cents([Line("kettle", 3900, 2)], "DE"), 0)


if __name__ == "__main__":
    unittest.main()
"""
_PAYMENTS = '''"""Card payments: checks before money moves."""

from __future__ import annotations


def is_valid_card(number: str) -> bool:
    """Luhn's check over 12 to 19 digits."""
    digits = [int(character) for character in number if character.isdigit()]
    if not 12 <= len(digits) <= 19:
        return False
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(odd) + sum(sum(divmod(2 * digit, 10)) for digit in even)) % 10 == 0


def fee_cents(amount_cents: int) -> int:
    """1.4 percent and 25 cents."""
    if amount_cents <= 0:
        raise ValueError("nothing to pay")
    return amount_cents * 14 // 1000 + 25
'''
_PAYMENTS_TEST = """import unittest

from payments import fee_cents, is_valid_card


class CardTest(unittest.TestCase):
    def test_a_number_with_the_right_check_digit_is_valid(self) -> None:
        self.assertTrue(is_valid_card("4111 1111 1111 1111"))

    def test_a_wrong_digit_or_length_is_not(self) -> None:
        self.assertFalse(is_valid_card("4111 1111 1111 1112"))
        self.assertFalse(is_valid_card("4111"))


class FeeTest(unittest.TestCase):
    def test_the_fee_has_a_fixed_part(self) -> None:
        self.assertEqual(fee_cents(10_000), 165)

    def test_nothing_cannot_be_paid(self) -> None:
        with self.assertRaises(ValueError):
            fee_cents(0)


if __name__ == "__main__":
    unittest.main()
"""
_CATALOG = '''"""Articles and how they are found."""

from __future__ import annotations

ARTICLES = {"tea": 450, "cup": 900, "kettle": 3900}


def price_cents(article: str) -> int:
    return ARTICLES[article]


def search(text: str) -> list[str]:
    """Names that contain the text, cheapest first."""
    found = [name for name in ARTICLES if text.lower() in name]
    return sorted(found, key=price_cents)
'''
_CATALOG_TEST = """import unittest

from catalog import price_cents, search


class SearchTest(unittest.TestCase):
    def test_the_cheapest_comes_first(self) -> None:
        self.assertEqual(search("e"), ["tea", "kettle"])

    def test_an_article_has_a_price(self) -> None:
        self.assertEqual(price_cents("cup"), 900)


if __name__ == "__main__":
    unittest.main()
"""


def _service(name: str, what: str, tests: str, files: Files) -> tuple[tuple[str, Files], ...]:
    readme = f"# {name}\n\n{what}\n\nTests: `{tests}`\n"
    return (
        ("Initial commit", {"README.md": readme, ".gitignore": _IGNORED}),
        (f"Add {name} and its tests", {**files, "deploy.sh": _DEPLOY.replace("SERVICE", f"shop/{name}")}),
    )


def _python(name: str, what: str, module: str, test: str) -> tuple[tuple[str, Files], ...]:
    return _service(name, what, "python3 -m unittest", {f"{name}.py": module, f"test_{name}.py": test})


_STOREFRONT: Files = {
    "storefront.mjs": more.STOREFRONT,
    "storefront.test.mjs": more.STOREFRONT_TEST,
    "cobertura.mjs": more.STOREFRONT_REPORTER,
}
_PRICING: Files = {
    "pricing/__init__.py": "",
    "pricing/prices.py": more.PRICING,
    "tests/test_prices.py": more.PRICING_TEST,
}
CONTENT: Mapping[str, tuple[tuple[str, Files], ...]] = {
    "pipelines": (("Initial commit", {"README.md": "# pipelines\n\nWhat deploys the services of the shop.\n"}),),
    "checkout": _python("checkout", "Totals of a shopping basket.", _CHECKOUT, _CHECKOUT_TEST),
    "payments": _python("payments", "Card payments.", _PAYMENTS, _PAYMENTS_TEST),
    "catalog": _python("catalog", "Articles and search.", _CATALOG, _CATALOG_TEST),
    "storefront": _service("storefront", "What a shop window shows.", "node --test", _STOREFRONT),
    "pricing": _service("pricing", "Prices with tax and discounts.", "python3 -m pytest", _PRICING),
    "deployment-marks": (
        (
            "Initial commit",
            {"README.md": "# deployment-marks\n\nWhat was deployed, written by the gate and nobody else.\n"},
        ),
    ),
}
"""By project: commits, oldest first, each with its message and files."""
