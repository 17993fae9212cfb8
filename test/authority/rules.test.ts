import { expect, test } from "vitest";
import {
  AssentError,
  authority,
  createAssent,
  defineAction,
  memoryLedger,
  policy,
  type DecideOptions,
  type Reviewer,
} from "assent";
import { manualClock, testAuthenticator } from "assent/testing";
import { z } from "zod";
import { ONE_PERSON } from "../../src/model/requirement.js";
import { askRequest, draft, moment, routeRequest } from "../../src/testing/ledger-contract/specimens.js";
import { CAST, RULES, type Rule } from "./rules.js";

const people = testAuthenticator();
const refund = (name: string) =>
  defineAction({
    name,
    args: z.object({ orderId: z.string(), amount: z.number(), currency: z.string() }),
    summary: ({ amount, currency }) => `Refund ${amount} ${currency}`,
    facts: ({ amount, currency }) => ({ amount: { value: amount, currency } }),
    idempotent: true,
    run: () => null,
  });

async function stage(rule: Rule) {
  const clock = manualClock(moment(0));
  const ledger = memoryLedger({ clock });
  const asked = policy({ default: { route: "review", ...(rule.terms !== undefined && { review: rule.terms }) } });
  const assent = createAssent({
    actions: [refund("refund"), refund("close")],
    ledger,
    clock,
    policy: asked,
    authenticators: [people],
    authority: authority(rule.authority ?? {}),
  });
  const admin = await people.authenticate({ id: "admin" });
  for (const [id, more] of Object.entries(rule.registered ?? {})) {
    await assent.reviewers.set({ ...CAST[id], id, name: id, ...more } as Reviewer, { by: admin, reason: "Hired." });
  }
  let nth = 0;
  const ask = async (): Promise<string> => {
    const { action = "refund", amount = 1, currency = "USD", requestedBy = "somebody" } = rule;
    const args = { orderId: "o-1", amount, currency };
    const made = draft({
      key: `${(nth += 1)}`,
      action,
      args,
      facts: { amount: { value: amount, currency } },
      requestedBy,
    });
    const held = await ledger.propose(made);
    await ledger.take({ threadId: "thread-1", gate: "gate", ids: [held.proposal.id] });
    const about = { action, agent: "support", at: moment(1), facts: held.round.facts, history: {} };
    const routing = structuredClone(asked.evaluate(about));
    if (rule.excludes !== undefined)
      routing.requires = { ...(routing.requires ?? ONE_PERSON), excludes: rule.excludes };
    const { review } = await ledger.ask(askRequest(await ledger.route({ ...routeRequest(held, "review"), routing })));
    return review!.id;
  };
  return { clock, ledger, assent, ask };
}

test.each(Object.entries(RULES))("%s", async (_, rule) => {
  const { clock, ledger, assent, ask } = await stage(rule);
  let id = await ask();
  const happens = async (says: string): Promise<string> => {
    if (says === "another case") return (id = await ask()) && "asked";
    if (says === "time passes") return clock.advance(3_600_000).then(() => "an hour later");
    const { review, case: held } = await assent.reviews.get(id);
    if (says === "ask again") {
      id = (await ledger.ask(askRequest(held, "interrupt-2"))).review!.id;
      return "asked";
    }
    return decide(says, review.digest);
  };
  const decide = async (says: string, digest: string): Promise<string> => {
    const [who = "", verb = "", amount] = says.split(/ (?:it to )?/);
    const decision = {
      approves: "approve",
      rejects: "reject",
      abstains: "abstain",
      escalates: "escalate",
      changes: "modify",
    }[verb] as DecideOptions["decision"];
    const by = await people.authenticate(CAST[who]!);
    const args = { orderId: "o-1", amount: Number(amount), currency: rule.currency ?? "USD" };
    try {
      const { case: now } = await assent.reviews.decide(id, { by, decision, digest, args });
      if (now.outcome !== null) return now.outcome.status;
      if (now.permit !== null) return now.permit.basis === "decisions" ? "permitted" : "let through";
      if (decision === "modify") return "next round";
      return decision === "escalate" ? "escalated" : now.review!.status;
    } catch (error) {
      if (!AssentError.isInstance(error)) throw error;
      return `${error.code}: ${error.message.split(" (at review ")[0]}`;
    }
  };
  const happened: (readonly [string, string])[] = [];
  for (const [says] of rule.says) happened.push([says, await happens(says)]);
  expect(happened).toEqual(rule.says);
});
