"""The files of two seeded services that are not like the others: one in Node, one with pytest.

The tests of `storefront` cover 92 percent of its lines, those of `pricing` 84 percent.
"""

from __future__ import annotations

STOREFRONT = """/** What a shop window shows: prices as text, articles in pages. */

export function price(cents, country = "DE") {
  const amount = (cents / 100).toFixed(2);
  if (country === "US") {
    return `$${amount}`;
  }
  return `${amount.replace(".", ",")} EUR`;
}

export function badge(article) {
  if (article.stock === 0) {
    return "sold out";
  }
  if (article.stock < 3) {
    return "last pieces";
  }
  return "";
}

export function page(articles, number, size = 2) {
  if (!Number.isInteger(number) || number < 1) {
    throw new RangeError(`there is no page ${number}`);
  }
  return articles.slice((number - 1) * size, number * size);
}
"""
STOREFRONT_TEST = """import assert from "node:assert/strict";
import test from "node:test";

import { badge, page, price } from "./storefront.mjs";

test("a price is written as the country writes it", () => {
  assert.deepEqual([price(1250), price(1250, "US")], ["12,50 EUR", "$12.50"]);
});

test("a badge says how many are left", () => {
  assert.deepEqual([0, 2, 9].map((stock) => badge({ stock })), ["sold out", "last pieces", ""]);
});

test("articles come in pages", () => {
  assert.deepEqual(page(["tea", "cup", "kettle"], 2), ["kettle"]);
});
"""
STOREFRONT_REPORTER = """/** What the tests cover, as a Cobertura report. Test files do not count. */

import { relative } from "node:path";

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export default async function* cobertura(events) {
  for await (const { type, data } of events) {
    if (type === "test:coverage") {
      yield report(data.summary);
    }
  }
}

function report({ files, workingDirectory }) {
  const sources = files.filter(({ path }) => !/[.]test[.][cm]?js$/.test(path));
  const classes = sources.map((file) => classOf(file, relative(workingDirectory, file.path)));
  const whole = rates(sources.flatMap(({ lines }) => lines));
  return [
    '<?xml version="1.0"?>',
    `<coverage version="1" timestamp="${Date.now()}" branch-rate="0" complexity="0" ${whole}>`,
    `<sources><source>${escaped(workingDirectory)}</source></sources>`,
    `<packages><package name="." branch-rate="0" complexity="0" ${whole}><classes>`,
    ...classes,
    "</classes></package></packages>",
    "</coverage>",
    "",
  ].join("\\n");
}

function classOf({ lines }, path) {
  const name = escaped(path);
  const hits = lines.map(({ line, count }) => `<line number="${line}" hits="${count}"/>`).join("");
  const attributes = `name="${name}" filename="${name}" branch-rate="0" complexity="0" ${rates(lines)}`;
  return `<class ${attributes}><methods/><lines>${hits}</lines></class>`;
}

function rates(lines) {
  const covered = lines.filter(({ count }) => count > 0).length;
  const rate = lines.length === 0 ? 1 : covered / lines.length;
  return `lines-valid="${lines.length}" lines-covered="${covered}" line-rate="${rate.toFixed(4)}"`;
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (sign) => ENTITIES[sign]);
}
"""
PRICING = '''"""Prices with tax and discounts, in cents."""

from __future__ import annotations

TAX_PERCENT = {"DE": 19, "AT": 20, "CH": 8}
BULK_PIECES = 10


def with_tax(net_cents: int, country: str) -> int:
    if country not in TAX_PERCENT:
        raise ValueError(f"no tax is known for {country}")
    return net_cents + net_cents * TAX_PERCENT[country] // 100


def bulk_percent(pieces: int) -> int:
    """What is taken off for many pieces."""
    if pieces >= 5 * BULK_PIECES:
        return 10
    if pieces >= BULK_PIECES:
        return 5
    return 0


def price_cents(net_cents: int, pieces: int, country: str) -> int:
    goods = net_cents * pieces
    reduced = goods - goods * bulk_percent(pieces) // 100
    if reduced < 0:
        return 0
    return with_tax(reduced, country)
'''
PRICING_TEST = """import pytest

from pricing.prices import bulk_percent, price_cents, with_tax


@pytest.mark.parametrize(("country", "cents"), [("DE", 1190), ("AT", 1200), ("CH", 1080)])
def test_tax_depends_on_the_country(country: str, cents: int) -> None:
    assert with_tax(1000, country) == cents


@pytest.mark.parametrize(("pieces", "percent"), [(1, 0), (10, 5)])
def test_many_pieces_cost_less(pieces: int, percent: int) -> None:
    assert bulk_percent(pieces) == percent


def test_a_price_has_both() -> None:
    assert price_cents(100, 10, "DE") == 1130
"""
