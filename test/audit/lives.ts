import type { Ledger } from "../../src/ledger/ledger.js";
import type { Case } from "../../src/model/case.js";
import {
  asked,
  askRequest,
  claimed,
  claimRequest,
  decided,
  executed,
  moment,
  proposed,
  reviewer,
  routed,
  routeRequest,
  settleRequest,
} from "../../src/testing/ledger-contract/specimens.js";

/** A ledger's cases by what became of them, two of them approved and executed. */
export type Lives = Record<keyof typeof LIVES, Case>;

const LIVES = {
  executed: (ledger: Ledger) => executed(ledger, { key: "executed" }),
  alsoExecuted: (ledger: Ledger) => executed(ledger, { key: "also" }),
  automatic: async (ledger: Ledger) => {
    const held = await claimed(ledger, await routed(ledger, "execute", { key: "automatic" }));
    return ledger.settle(settleRequest(held, "worker-1"));
  },
  rejected: async (ledger: Ledger) => decided(ledger, await asked(ledger, { key: "rejected" }), "reject"),
  modified: async (ledger: Ledger) => {
    const first = await decided(ledger, await asked(ledger, { key: "modified" }), "modify", { permitted: false });
    const again = await ledger.ask(askRequest(first, "interrupt-2"));
    const held = await claimed(ledger, await decided(ledger, again, "modify", { args: { amount: 1 } }));
    return ledger.settle(settleRequest(held, "worker-1"));
  },
  modifiedIntoBlocked: async (ledger: Ledger) =>
    decided(ledger, await asked(ledger, { key: "into-blocked" }), "modify", { nextRoute: "block" }),
  suggested: (ledger: Ledger) => routed(ledger, "suggest", { key: "suggested" }),
  blocked: (ledger: Ledger) => routed(ledger, "block", { key: "blocked" }),
  rerouted: async (ledger: Ledger) => {
    const held = await routed(ledger, "execute", { key: "rerouted" });
    const { id } = held.proposal;
    const next = await ledger.reroute({ proposalId: id, round: 1, reason: "The policy changed.", at: moment(5) });
    const open = await ledger.ask(askRequest(await ledger.route(routeRequest(next, "review")), "interrupt-2"));
    return decided(ledger, open, "approve", { by: reviewer("bo", "unverified") });
  },
  doubtful: async (ledger: Ledger) => {
    const held = await routed(ledger, "flag", { key: "doubtful" });
    // Leases that run out at once.
    await ledger.claim({ ...claimRequest(held, "worker-1"), leaseMs: 0 });
    await ledger.claim({ ...claimRequest(held, "worker-2"), leaseMs: 0, takeover: true });
    await ledger.settle({ ...settleRequest(held, null, "in-doubt"), at: moment(500) });
    const noted = {
      proposalId: held.proposal.id,
      what: "claim",
      reason: "Too late.",
      by: null,
      at: moment(501),
    } as const;
    await ledger.refuse(noted);
    return (await ledger.read(held.proposal.id)) ?? held;
  },
  waiting: (ledger: Ledger) => asked(ledger, { key: "waiting", args: { text: "\0 “é” 😀 \u2028" } }),
  fresh: (ledger: Ledger) => proposed(ledger, { key: "fresh" }),
} as const;

/** Lives of every kind, one after the other, on an empty ledger. */
export async function liveAll(ledger: Ledger): Promise<Lives> {
  const lives: Partial<Record<keyof typeof LIVES, Case>> = {};
  for (const [name, live] of Object.entries(LIVES)) lives[name as keyof typeof LIVES] = await live(ledger);
  return lives as Lives;
}
