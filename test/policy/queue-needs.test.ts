import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parsePolicy } from "../../src/policy/parse.js";
import { policy } from "../../src/policy/policy.js";
import { needsQueue, refuseQueueNeeds } from "../../src/policy/queue-needs.js";

const REFUNDS = new URL("refunds.yaml", import.meta.url);

test("a policy that one decision settles needs no queue", () => {
  const plain = policy({
    rules: [
      { id: "a", route: "veto", review: { window: "PT30M", by: [{ role: "desk" }] } },
      { id: "b", route: "review", review: { by: [{ role: "desk" }], within: "PT4H", otherwise: "reject" } },
    ],
    default: { route: "review" },
  });
  expect(needsQueue(plain)).toEqual([]);
  expect(() => refuseQueueNeeds(plain)).not.toThrow();
});

test("the policy that a risk officer can read says what it needs, one sentence each", async () => {
  const refunds = parsePolicy(await readFile(REFUNDS, "utf8"));
  const needs = [
    'A quorum of several people is asked for by rule "large".',
    'An escalation to others is asked for by rule "unsure".',
    'A step-up before deciding is asked for by rule "large".',
    "A second look at a share of 0.02 of what executed is asked for by `sample`.",
  ];
  expect(needsQueue(refunds)).toEqual(needs);
  expect(() => refuseQueueNeeds(refunds)).toThrow(needs.join("\n  "));
});

test("the default is named too", () => {
  const review = { quorum: "two-person" } as const;
  const strict = policy({ rules: [{ id: "a", route: "review", review }], default: { route: "review", review } });
  expect(needsQueue(strict)).toEqual(['A quorum of several people is asked for by rule "a" and the default.']);
});
