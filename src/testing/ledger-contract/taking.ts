import assert from "node:assert/strict";
import type { Case } from "../../model/case.js";
import { changesNothing, race, rejectsWith, type Check } from "./check.js";
import { executed, proposed, routed, routeRequest } from "./specimens.js";

const ids = (cases: readonly Case[]): string[] => cases.map(({ proposal }) => proposal.id);

/** `take`. */
export function takingContract(check: Check): void {
  check("the first gate that takes a proposal keeps it, and no other gate sees it", async (ledger) => {
    const { proposal } = await proposed(ledger);
    const request = { threadId: proposal.threadId, ids: [proposal.id] };
    const [taken] = await ledger.take({ ...request, gate: "first" });
    assert.equal(taken?.proposal.gate, "first");
    assert.deepEqual(await ledger.take({ ...request, gate: "second" }), []);
    const again = () => ledger.take({ ...request, gate: "first" });
    assert.deepEqual(await changesNothing(ledger, proposal.id, again), [taken]);
  });

  check("of 16 gates at once, one gets the proposal", async (ledger) => {
    const { proposal } = await proposed(ledger);
    const { threadId, id } = proposal;
    const answers = await race((racer) => ledger.take({ threadId, gate: `gate-${racer}`, ids: [id] }));
    assert.equal(answers.filter((taken) => taken.length === 1).length, 1);
    assert.equal((await ledger.read(id))?.proposal.gate, answers.flat()[0]?.proposal.gate);
  });

  check("the cases come in the order of the ids, each once", async (ledger) => {
    const made = [];
    for (const key of ["a", "b", "c", "d"]) made.push((await proposed(ledger, { key })).proposal.id);
    const [a = "", b = "", c = "", d = ""] = made;
    const order = [d, b, a, b, c, d];
    assert.deepEqual(ids(await ledger.take({ threadId: "thread-1", gate: "gate", ids: order })), [d, b, a, c]);
    assert.deepEqual(ids(await ledger.take({ threadId: "thread-1", gate: "gate", ids: [c, a] })), [c, a]);
    assert.deepEqual(await ledger.take({ threadId: "thread-1", gate: "gate", ids: [] }), []);
  });

  check("unknown ids, impossible ids and other threads' proposals are left out and left alone", async (ledger) => {
    const mine = await proposed(ledger);
    const theirs = await proposed(ledger, { threadId: "thread-2" });
    const request = { gate: "gate", ids: ["pr_nothing", "\0", theirs.proposal.id, mine.proposal.id] };
    assert.deepEqual(ids(await ledger.take({ ...request, threadId: "thread-1" })), [mine.proposal.id]);
    assert.deepEqual(await ledger.read(theirs.proposal.id), theirs);
  });

  check("other actions' proposals are left out and left unbound", async (ledger) => {
    const refund = await proposed(ledger);
    const transfer = await proposed(ledger, { key: "b", action: "transfer" });
    const both = { threadId: "thread-1", ids: [refund.proposal.id, transfer.proposal.id] };
    assert.deepEqual(ids(await ledger.take({ ...both, gate: "gate", action: "transfer" })), [transfer.proposal.id]);
    assert.deepEqual(await ledger.read(refund.proposal.id), refund);
    // The same gate without the filter gets both, also the one that it was bound to before.
    assert.deepEqual(ids(await ledger.take({ ...both, gate: "gate" })), both.ids);
    assert.deepEqual(ids(await ledger.take({ ...both, gate: "gate", action: "refund" })), [refund.proposal.id]);
  });

  check("closed cases of this gate are returned; those of no gate stay unbound", async (ledger) => {
    const ended = await executed(ledger);
    const { id, threadId } = ended.proposal;
    assert.deepEqual(await ledger.take({ threadId, gate: "gate", ids: [id] }), [ended]);
    assert.deepEqual(await ledger.take({ threadId, gate: "other", ids: [id] }), []);
    const blocked = await ledger.route(routeRequest(await proposed(ledger, { key: "b" }), "block"));
    assert.deepEqual(await ledger.take({ threadId, gate: "gate", ids: [blocked.proposal.id] }), []);
    assert.equal((await ledger.read(blocked.proposal.id))?.proposal.gate, null);
  });

  check("taking leaves no audit row", async (ledger) => {
    const { proposal } = await proposed(ledger);
    const head = await ledger.auditHead();
    await ledger.take({ threadId: proposal.threadId, gate: "gate", ids: [proposal.id] });
    assert.deepEqual(await ledger.auditHead(), head);
  });

  check("a gate name with a NUL is refused as json_invalid", async (ledger) => {
    const { proposal } = await routed(ledger, "review");
    const { threadId, id } = proposal;
    await rejectsWith("json_invalid", () => ledger.take({ threadId, gate: "\0", ids: [id] }));
  });
}
