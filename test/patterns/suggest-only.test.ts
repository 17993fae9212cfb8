import { suggestOnly } from "assent";
import { testAuthenticator } from "assent/testing";
import { expect, test } from "vitest";
import { auditKinds, executeAlways, gated, type GatedOptions } from "../support/payments.js";

const people = testAuthenticator();

async function suggested(options: GatedOptions = {}) {
  const trial = gated({
    policy: executeAlways,
    authenticators: [people],
    pattern: (assent) => suggestOnly(assent, { by: [{ role: "dispatcher" }] }),
    ...options,
  });
  await trial.thread.start();
  return trial;
}

test.each([
  ["took it", { type: "approve" }, "suggested"],
  ["did it otherwise", { type: "modify", args: { to: "cy", cents: 1 } }, "suggested"],
  ["did not do it", { type: "reject", note: "not now" }, "rejected"],
])("a person who %s ends the case, and the agent does nothing", async (_, said, status) => {
  const { thread, made, assent } = await suggested();
  await thread.answer({ ...said, as: "dee", roles: ["dispatcher"] });
  expect(await thread.outcome()).toMatchObject({ status, decidedBy: "dee" });
  expect(made).toHaveLength(0);
  expect(await auditKinds(assent)).not.toContain("permitted");
});

test("somebody else takes nothing", async () => {
  const { thread } = await suggested();
  await thread.answer({ type: "approve", as: "bo" });
  expect((await thread.asked()).reason).toMatch(/role dispatcher/);
});

test("in verified trust a signed approval gives no permit either", async () => {
  const { thread, made, assent } = await suggested({ trust: "verified" });
  const { review, digest } = await thread.asked();
  const by = await people.authenticate({ id: "dee", roles: ["dispatcher"] });
  const { case: held } = await assent.reviews.decide(review, { by, decision: "approve", digest });
  expect(held.permit).toBeNull();
  await thread.answer("nudge");
  expect(made).toHaveLength(0);
  expect(await thread.outcome()).toMatchObject({ status: "suggested" });
});
