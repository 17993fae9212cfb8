import assert from "node:assert/strict";
import type { ClaimRequest, Ledger } from "../../ledger/ledger.js";
import type { Case } from "../../model/case.js";
import { changesNothing, countOf, race, reread, type Check } from "./check.js";
import {
  asked,
  claimed,
  claimRequest,
  decided,
  executed,
  moment,
  proposed,
  routed,
  settleRequest,
} from "./specimens.js";

/** `claim` and `extend`. */
export function claimingContract(check: Check): void {
  claims(check);
  repeatedClaims(check);
  takeovers(check);
  extensions(check);
}

async function notClaimed(ledger: Ledger, held: Case, request: ClaimRequest, lapsed = false): Promise<void> {
  const now = await reread(ledger, held);
  const result = await changesNothing(ledger, held.proposal.id, () => ledger.claim(request));
  assert.deepEqual(result, { claimed: false, lapsed, case: now });
}

function claims(check: Check): void {
  check("an issued permit is claimed for its owner, until the lease runs out", async (ledger) => {
    for (const held of [
      await routed(ledger, "execute"),
      await decided(ledger, await asked(ledger, { key: "b" }), "approve"),
    ]) {
      const result = await ledger.claim(claimRequest(held, "worker-1"));
      const expected = { ...held.permit, state: "claimed", owner: "worker-1", leaseUntil: moment(50), claims: 1 };
      assert.deepEqual(result, { claimed: true, lapsed: false, case: { ...held, permit: expected } });
      assert.deepEqual(await reread(ledger, held), result.case);
      assert.equal(await countOf("claimed", ledger, held.proposal.id), 1);
    }
  });

  check("other arguments, another thread and another round claim nothing", async (ledger) => {
    const held = await routed(ledger, "execute");
    const request = claimRequest(held, "worker");
    for (const wrong of [
      { argsDigest: held.round.displayDigest },
      { argsDigest: "" },
      { threadId: "thread-2" },
      { round: 2 },
      { round: 0 },
    ]) {
      await notClaimed(ledger, held, { ...request, ...wrong });
      await notClaimed(ledger, held, { ...request, ...wrong, takeover: true });
    }
  });

  check("without a permit, and after the end, nothing is claimed", async (ledger) => {
    const waiting = await asked(ledger);
    const rejected = await decided(ledger, await asked(ledger, { key: "b" }), "reject");
    const unrouted = await proposed(ledger, { key: "c" });
    const ended = await executed(ledger, { key: "d" });
    for (const held of [waiting, rejected, unrouted, ended]) {
      await notClaimed(ledger, held, claimRequest(held, "worker-1"));
      await notClaimed(ledger, held, { ...claimRequest(held, "worker-1"), takeover: true });
    }
  });

  check("an earlier round's arguments claim nothing once a modification has made new ones", async (ledger) => {
    const held = await asked(ledger);
    const modified = await decided(ledger, held, "modify");
    await notClaimed(ledger, modified, claimRequest(held, "worker"));
    await notClaimed(ledger, modified, { ...claimRequest(held, "worker"), round: 2 });
    assert.equal((await ledger.claim(claimRequest(modified, "worker"))).claimed, true);
  });

  check("claiming what was never proposed claims nothing", async (ledger) => {
    const request = claimRequest(await routed(ledger, "execute"), "worker");
    assert.deepEqual(await ledger.claim({ ...request, proposalId: "pr_nothing" }), {
      claimed: false,
      lapsed: false,
      case: null,
    });
  });
}

function repeatedClaims(check: Check): void {
  check("claiming again while the lease holds changes nothing and says that it is claimed", async (ledger) => {
    const held = await claimed(ledger, await routed(ledger, "execute"));
    for (const takeover of [false, true]) {
      const again = () => ledger.claim({ ...claimRequest(held, "worker-1"), takeover });
      const result = await changesNothing(ledger, held.proposal.id, again);
      assert.deepEqual(result, { claimed: true, lapsed: false, case: held });
    }
  });

  check("of 16 owners at once, one gets the permit", async (ledger) => {
    for (const takeover of [false, true]) {
      const held = await routed(ledger, "execute", { key: String(takeover) });
      const results = await race((racer) => ledger.claim({ ...claimRequest(held, `worker-${racer}`), takeover }));
      const winners = results.filter(({ claimed }) => claimed);
      const now = await reread(ledger, held);
      assert.equal(winners.length, 1);
      assert.equal(winners[0]?.case?.permit?.owner, now.permit?.owner);
      assert.equal(now.permit?.claims, 1);
      assert.equal(await countOf("claimed", ledger, held.proposal.id), 1);
    }
  });

  check("one owner claiming 16 times at once claims once, and is told so each time", async (ledger) => {
    const held = await routed(ledger, "execute");
    const results = await race(() => ledger.claim(claimRequest(held, "worker-1")));
    for (const { claimed } of results) assert.equal(claimed, true);
    assert.equal(await countOf("claimed", ledger, held.proposal.id), 1);
  });
}

function takeovers(check: Check): void {
  check("while a lease holds nobody takes it over, whatever time they say it is", async (ledger, setTime) => {
    const held = await claimed(ledger, await routed(ledger, "execute"));
    for (const seconds of [20, 49]) {
      await setTime(seconds);
      await notClaimed(ledger, held, { ...claimRequest(held, "worker-2"), at: moment(90_000), takeover: true });
    }
  });

  check("a claim whose lease ran out is taken over if that is asked for", async (ledger, setTime) => {
    const held = await claimed(ledger, await routed(ledger, "execute"));
    await setTime(50);
    const request = { ...claimRequest(held, "worker-2"), at: moment(-90_000) };
    await notClaimed(ledger, held, request, true);
    await notClaimed(ledger, held, { ...request, takeover: true, argsDigest: "sha256:0" }, true);
    const result = await ledger.claim({ ...request, takeover: true });
    const expected = { ...held.permit, owner: "worker-2", leaseUntil: moment(80), claims: 2 };
    assert.deepEqual(result, { claimed: true, lapsed: false, case: { ...held, permit: expected } });
    assert.equal(await countOf("claimed", ledger, held.proposal.id), 2);
  });

  check("an owner whose lease ran out has to take over like anybody else", async (ledger, setTime) => {
    const held = await claimed(ledger, await routed(ledger, "execute"));
    await setTime(50);
    await notClaimed(ledger, held, claimRequest(held, "worker-1"), true);
    const result = await ledger.claim({ ...claimRequest(held, "worker-1"), takeover: true });
    assert.deepEqual([result.claimed, result.case?.permit?.claims], [true, 2]);
  });

  check("of 16 takeovers at once, one succeeds", async (ledger, setTime) => {
    const held = await claimed(ledger, await routed(ledger, "execute"));
    await setTime(60);
    const results = await race((racer) => ledger.claim({ ...claimRequest(held, `rescuer-${racer}`), takeover: true }));
    assert.equal(results.filter(({ claimed }) => claimed).length, 1);
    const now = await reread(ledger, held);
    assert.deepEqual([now.permit?.claims, now.permit?.owner?.startsWith("rescuer-")], [2, true]);
    assert.equal(await countOf("claimed", ledger, held.proposal.id), 2);
  });
}

function extensions(check: Check): void {
  check("the owner extends its lease, and a takeover has to wait for the new end", async (ledger, setTime) => {
    const held = await claimed(ledger, await routed(ledger, "execute"));
    const { id: permitId } = { id: held.permit?.id ?? "" };
    const head = await ledger.auditHead();
    await setTime(40);
    assert.equal(await ledger.extend({ permitId, owner: "worker-1", leaseMs: 30_000 }), true);
    assert.deepEqual((await reread(ledger, held)).permit, { ...held.permit, leaseUntil: moment(70) });
    assert.deepEqual(await ledger.auditHead(), head);
    await setTime(69);
    await notClaimed(ledger, held, { ...claimRequest(held, "worker-2"), takeover: true });
    await setTime(70);
    assert.equal((await ledger.claim({ ...claimRequest(held, "worker-2"), takeover: true })).claimed, true);
  });

  check("a stranger, a former owner and a finished attempt extend nothing", async (ledger, setTime) => {
    const held = await claimed(ledger, await routed(ledger, "execute"));
    const unclaimed = await routed(ledger, "execute", { key: "b" });
    const extend = (owner: string, { permit }: Case): Promise<boolean> =>
      ledger.extend({ permitId: permit?.id ?? "", owner, leaseMs: 900_000 });
    const { id } = held.proposal;
    assert.equal(await changesNothing(ledger, id, () => extend("worker-2", held)), false);
    assert.equal(await changesNothing(ledger, unclaimed.proposal.id, () => extend("worker-1", unclaimed)), false);
    await setTime(50);
    await ledger.claim({ ...claimRequest(held, "worker-2"), takeover: true });
    assert.equal(await changesNothing(ledger, id, () => extend("worker-1", held)), false);
    await ledger.settle(settleRequest(held, "worker-2"));
    assert.equal(await changesNothing(ledger, id, () => extend("worker-2", held)), false);
  });

  check("a permit that does not exist cannot be extended", async (ledger) => {
    const request = { permitId: "pm_nothing", owner: "worker-1", leaseMs: 30_000 };
    assert.equal(await ledger.extend(request), false);
  });
}
