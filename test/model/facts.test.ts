import { expect, test } from "vitest";
import { Facts } from "../../src/model/facts.js";

test.each([
  {},
  { confidence: 0, risk: 1, novelty: 0.5 },
  { amount: { value: 0, currency: "USD" } },
  { tags: [], shop: "s1", score: -7.5, vip: false, labels: ["a"] },
])("%o can be read", (facts) => {
  expect(Facts.parse(facts)).toEqual(facts);
});

test.each([
  { confidence: Number.NaN },
  { confidence: 1.000001 },
  { confidence: -0.000001 },
  { confidence: "0.9" },
  { risk: Number.POSITIVE_INFINITY },
  { novelty: null },
  { amount: 5 },
  { amount: { value: -1, currency: "USD" } },
  { amount: { value: Number.NaN, currency: "USD" } },
  { amount: { value: 5, currency: "usd" } },
  { amount: { value: 5, currency: "USDT" } },
  { amount: { value: 5 } },
  { amount: { value: 5, currency: "USD", more: 1 } },
  { tags: "vip" },
  { tags: [1] },
  { score: Number.NaN },
  { score: null },
  { score: { deep: 1 } },
  { score: [1, 2] },
])("%o cannot", (facts) => {
  expect(Facts.safeParse(facts).success).toBe(false);
});
