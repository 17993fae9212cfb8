import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parsePolicy } from "../../src/policy/parse.js";
import { policy } from "../../src/policy/policy.js";
import { refuseUnenforced, unenforced } from "../../src/policy/unenforced.js";

const REFUNDS = new URL("refunds.yaml", import.meta.url);

test("of what people vote on, whom it goes to then, and what is looked at again, nothing is left unenforced", () => {
  const plain = policy({
    rules: [
      { id: "a", route: "veto", review: { window: "PT30M", by: [{ role: "desk" }] } },
      { id: "b", route: "review", review: { by: [{ role: "desk" }], within: "PT4H", otherwise: "reject" } },
      { id: "c", route: "review", review: { quorum: "two-person", tieBreak: "senior" } },
      {
        id: "d",
        route: "review",
        review: { within: "PT1H", otherwise: "escalate", escalateTo: [{ by: [{ role: "manager" }] }] },
      },
    ],
    sample: { executed: 0.02, for: "second-look" },
    default: { route: "review" },
  });
  expect(unenforced(plain)).toEqual([]);
  expect(() => refuseUnenforced(plain)).not.toThrow();
});

test("the policy that a risk officer can read says what is not enforced, one sentence each", async () => {
  const refunds = parsePolicy(await readFile(REFUNDS, "utf8"));
  const needs = ['A step-up before deciding is asked for by rule "large".'];
  expect(refunds.source.sample).toEqual({ executed: 0.02, for: "second-look" });
  expect(unenforced(refunds)).toEqual(needs);
  expect(() => refuseUnenforced(refunds)).toThrow(needs.join("\n  "));
});

test("the default is named too", () => {
  const review = { stepUp: "otp" } as const;
  const strict = policy({ rules: [{ id: "a", route: "review", review }], default: { route: "review", review } });
  expect(unenforced(strict)).toEqual(['A step-up before deciding is asked for by rule "a" and the default.']);
});
