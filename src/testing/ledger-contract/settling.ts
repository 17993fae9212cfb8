import assert from "node:assert/strict";
import type { OutcomeStatus } from "../../model/outcome.js";
import { changesNothing, countOf, kinds, race, rejectsWith, reread, type Check } from "./check.js";
import {
  asked,
  claimed,
  claimRequest,
  decided,
  executed,
  moment,
  outcome,
  routed,
  settleRequest,
} from "./specimens.js";

/** `settle`. */
export function settlingContract(check: Check): void {
  settlements(check);
  refusedSettlements(check);
  doubts(check);
}

function settlements(check: Check): void {
  check("the owner records the outcome, which spends the permit and closes the case", async (ledger) => {
    const held = await claimed(ledger, await routed(ledger, "execute"));
    const request = settleRequest(held, "worker-1");
    const now = await ledger.settle(request);
    assert.deepEqual(now, {
      ...held,
      proposal: { ...held.proposal, state: "closed" },
      permit: { ...held.permit, state: "spent" },
      outcome: request.outcome,
    });
    assert.deepEqual(await reread(ledger, held), now);
  });

  for (const [status, kind] of [
    ["executed", "executed"],
    ["failed", "failed"],
    ["in-doubt", "failed"],
  ] as const) {
    check(`the outcome ${status} leaves a row of kind ${kind}`, async (ledger) => {
      const held = await claimed(ledger, await decided(ledger, await asked(ledger), "approve"));
      const now = await ledger.settle(settleRequest(held, "worker-1", status));
      assert.deepEqual([now.outcome?.status, now.outcome?.decidedBy], [status, "ANA"]);
      assert.equal((await kinds(ledger, held.proposal.id)).at(-1), kind);
    });
  }

  check("of 16 settlements at once, one counts", async (ledger) => {
    const held = await claimed(ledger, await routed(ledger, "execute"));
    const statuses: OutcomeStatus[] = ["executed", "failed", "in-doubt"];
    const answers = await race((racer) =>
      ledger.settle(settleRequest(held, "worker-1", statuses[racer % statuses.length])),
    );
    const now = await reread(ledger, held);
    for (const answer of answers) assert.deepEqual(answer, now);
    const ends = (await kinds(ledger, held.proposal.id)).filter((kind) => kind === "executed" || kind === "failed");
    assert.equal(ends.length, 1);
  });
}

function refusedSettlements(check: Check): void {
  check("a stranger settles nothing, nor does anybody before the claim", async (ledger) => {
    const unclaimed = await routed(ledger, "execute");
    const running = await claimed(ledger, await routed(ledger, "execute", { key: "b" }));
    for (const [held, owner] of [
      [unclaimed, "worker-1"],
      [unclaimed, null],
      [running, "worker-2"],
    ] as const) {
      const tried = () => ledger.settle(settleRequest(held, owner));
      assert.deepEqual(await changesNothing(ledger, held.proposal.id, tried), held);
    }
    const otherRound = () => ledger.settle({ ...settleRequest(running, "worker-1"), round: 2 });
    assert.deepEqual(await changesNothing(ledger, running.proposal.id, otherRound), running);
  });

  check("the first outcome stays, whoever settles again with whatever", async (ledger) => {
    const ended = await executed(ledger);
    for (const owner of ["worker-1", "worker-2", null]) {
      for (const status of ["executed", "failed", "in-doubt"] as const) {
        const again = () => ledger.settle({ ...settleRequest(ended, owner, status), at: moment(500) });
        assert.deepEqual(await changesNothing(ledger, ended.proposal.id, again), ended);
      }
    }
  });

  check("an outcome that cannot be recorded changes nothing, and the claim stays", async (ledger) => {
    const held = await claimed(ledger, await routed(ledger, "execute"));
    const request = settleRequest(held, "worker-1", "failed");
    const huge = { ...outcome(held, "executed"), result: "x".repeat(300 * 1024) };
    const { id } = held.proposal;
    const tooLarge = { ...request, outcome: huge } as typeof request;
    await changesNothing(ledger, id, () => rejectsWith("json_too_large", () => ledger.settle(tooLarge)));
    const broken = { ...request, outcome: { ...request.outcome, reason: "half a \ud83d" } } as typeof request;
    await changesNothing(ledger, id, () => rejectsWith("json_invalid", () => ledger.settle(broken)));
    assert.equal((await ledger.settle(request)).outcome?.status, "failed");
  });

  check("settling what was never proposed throws proposal_unknown", async (ledger) => {
    const request = settleRequest(await claimed(ledger, await routed(ledger, "execute")), "worker-1");
    await rejectsWith("proposal_unknown", () => ledger.settle({ ...request, proposalId: "pr_nothing" }));
  });
}

function doubts(check: Check): void {
  check("a claim is settled for nobody only after its lease ran out", async (ledger, setTime) => {
    const held = await claimed(ledger, await routed(ledger, "execute"));
    const doubt = () => ledger.settle({ ...settleRequest(held, null, "in-doubt"), at: moment(90_000) });
    await setTime(49);
    assert.deepEqual(await changesNothing(ledger, held.proposal.id, doubt), held);
    await setTime(50);
    const now = await doubt();
    assert.deepEqual([now.outcome?.status, now.proposal.state, now.permit?.state], ["in-doubt", "closed", "spent"]);
    const late = () => ledger.settle(settleRequest(held, "worker-1"));
    assert.deepEqual(await changesNothing(ledger, held.proposal.id, late), now);
  });

  check("after a takeover the former owner settles nothing", async (ledger, setTime) => {
    const held = await claimed(ledger, await routed(ledger, "execute"));
    await setTime(50);
    const { case: taken } = await ledger.claim({ ...claimRequest(held, "worker-2"), takeover: true });
    const late = () => ledger.settle(settleRequest(held, "worker-1"));
    assert.deepEqual(await changesNothing(ledger, held.proposal.id, late), taken);
    assert.equal((await ledger.settle(settleRequest(held, "worker-2"))).outcome?.status, "executed");
  });

  check("of a settlement and a takeover at once, one counts", async (ledger, setTime) => {
    for (let pair = 0; pair < 8; pair += 1) {
      const held = await claimed(ledger, await routed(ledger, "execute", { key: `pair-${pair}` }));
      await setTime(60 * (pair + 1));
      const [settled, taken] = await Promise.all([
        ledger.settle(settleRequest(held, "worker-1")),
        ledger.claim({ ...claimRequest(held, "worker-2"), takeover: true }),
      ]);
      assert.notEqual(settled.proposal.state === "closed", taken.claimed);
      assert.equal(await countOf("claimed", ledger, held.proposal.id), taken.claimed ? 2 : 1);
    }
  });
}
