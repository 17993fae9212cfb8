import { oneLine, visibleText } from "assent";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { QueueItem } from "../../src/ledger/queueing.js";
import { paintFor } from "../../src/cli/paint.js";
import { renderQueue } from "../../src/cli/queue-table.js";
import { HOSTILE } from "./review-office.js";

const paint = paintFor({}, {});
const now = new Date("2026-03-30T12:00:00Z");

const hex = fc.string({ unit: fc.constantFrom(..."0123456789abcdef".split("")), minLength: 32, maxLength: 32 });
const words = fc.oneof(
  fc.constantFrom(HOSTILE, "漢字漢字漢字漢字", "👩‍💻👩‍💻👩‍💻", "refund", ""),
  fc.string({ unit: "binary" }),
);
const item: fc.Arbitrary<QueueItem> = fc.record({
  id: hex.map((digits) => `rv_${digits}`),
  digest: fc.constant("sha256:0"),
  proposalId: fc.constant("pr_0"),
  threadId: words,
  round: fc.constant(1),
  kind: fc.constant("approval"),
  trust: fc.constant("verified"),
  action: words,
  agent: words,
  requestedBy: fc.constant(null),
  summary: words,
  risk: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  amount: fc.option(
    fc.record({ value: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), currency: fc.constant("USD") }),
  ),
  stage: fc.constant(null),
  step: fc.constant(0),
  askedAt: fc.constantFrom("2026-03-30T11:00:00.000Z", "2020-03-30T11:00:00.000Z"),
  deadlineAt: fc.constantFrom(null, "2026-03-30T12:10:00.000Z", "2026-03-28T12:10:00.000Z"),
  urgency: fc.constantFrom("overdue", "now", "later"),
  assignee: fc.option(words),
  claim: fc.option(fc.record({ by: words, until: fc.constant("2026-03-30T12:10:00.000Z") })),
  snoozedUntil: fc.constant(null),
  isFlooding: fc.constant(false),
  group: fc.constantFrom("a", "b"),
  asks: fc.constant([]),
  keptFrom: fc.constant([]),
});

test("whatever it is about, a page of the queue is text alone that fits the terminal, every line where it belongs", () => {
  const pages = fc.array(item, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(pages, fc.integer({ min: 40, max: 100 }), (items, columns) => {
      const lines = renderQueue(items, { columns, paint }, now).split("\n");
      const groups = lines.filter((line) => line.startsWith("┌ ")).length;
      expect(lines).toHaveLength(1 + 2 * items.length + groups);
      for (const line of lines) {
        const solid = line.replaceAll(" ", "x");
        expect(visibleText(line)).toBe(line);
        expect(oneLine(solid, columns)).toBe(solid);
      }
    }),
  );
});

test("ids are as long as it takes to tell them apart", () => {
  const [one] = fc.sample(item, 1);
  const ids = ["rv_0123456789aaaaaaaaaaaaaaaaaaaaaa", "rv_0123456789bbbbbbbbbbbbbbbbbbbbbb"];
  const text = renderQueue(
    ids.map((id) => ({ ...one!, id })),
    { columns: 100, paint },
    now,
  );
  expect(text).toContain(" rv_0123456789a ");
  expect(text).toContain(" rv_0123456789b ");
});
