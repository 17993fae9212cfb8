import assert from "node:assert/strict";
import { changesNothing, kinds, race, rejectsWith, type Check } from "./check.js";
import { draft, executed } from "./specimens.js";

/** `propose` and `read`. */
export function proposingContract(check: Check): void {
  check("a proposal is recorded open, in its first round, bound to no gate and unrouted", async (ledger) => {
    const { proposal, round } = draft();
    const held = await ledger.propose({ proposal, round });
    assert.deepEqual(held, {
      proposal: { ...proposal, gate: null, round: 1, state: "open" },
      round: { ...round, routing: null },
      review: null,
      decisions: [],
      permit: null,
      outcome: null,
    });
    assert.deepEqual(await ledger.read(proposal.id), held);
  });

  check("an id that nothing has reads as null", async (ledger) => {
    await ledger.propose(draft());
    assert.equal(await ledger.read("pr_nothing"), null);
    assert.equal(await ledger.read("\0"), null);
  });

  check("the first write of an id wins; later ones get what was recorded and leave no trace", async (ledger) => {
    const first = await ledger.propose(draft({ args: { amount: 1 } }));
    const again = draft({ args: { amount: 1_000_000 }, agent: "another", action: "transfer" });
    assert.deepEqual(await changesNothing(ledger, first.proposal.id, () => ledger.propose(again)), first);
  });

  check("of 16 writes of one id at once, one is recorded and all get it", async (ledger) => {
    const answers = await race((racer) => ledger.propose(draft({ args: { amount: racer } })));
    const { id } = draft().proposal;
    const held = await ledger.read(id);
    for (const answer of answers) assert.deepEqual(answer, held);
    assert.deepEqual(await kinds(ledger, id), ["proposed"]);
  });

  check("proposing again after the end gives the closed case", async (ledger) => {
    const ended = await executed(ledger);
    assert.deepEqual(await changesNothing(ledger, ended.proposal.id, () => ledger.propose(draft())), ended);
  });

  check("what the caller does to its objects later changes nothing that is recorded", async (ledger) => {
    const made = draft({ args: { items: ["one"] } });
    const answer = await ledger.propose(made);
    const before = structuredClone(answer);
    (made.round.args["items"] as string[]).push("two");
    made.proposal.agent = "another";
    (answer.round.args["items"] as string[]).push("three");
    answer.proposal.state = "closed";
    assert.deepEqual(await ledger.read(made.proposal.id), before);
  });

  for (const [name, broken] of [
    ["a NUL", "a\0b"],
    ["half a surrogate pair", "a\ud800b"],
  ] as const) {
    check(`a name or id with ${name} is refused as json_invalid and leaves nothing behind`, async (ledger) => {
      const { proposal, round } = draft();
      for (const field of ["id", "threadId", "action", "agent", "requestedBy"] as const) {
        const made = { proposal: { ...proposal, [field]: broken }, round };
        await changesNothing(ledger, proposal.id, () => rejectsWith("json_invalid", () => ledger.propose(made)));
      }
      assert.equal((await ledger.auditHead()).seq, 0);
    });
  }
}
