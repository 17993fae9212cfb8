import assert from "node:assert/strict";
import type { ApprovalVerdict } from "../../model/decision.js";
import { countOf, race, reread, type Check } from "./check.js";
import { asked, askRequest, decideRequest, reviewer } from "./specimens.js";

/** `decide`, several at once. */
export function decidingRacesContract(check: Check): void {
  const verdicts: ApprovalVerdict[] = ["approve", "reject", "modify"];

  check("of 16 decisions with racing verdicts one is recorded, with its permit or none", async (ledger) => {
    for (let round = 0; round < 4; round += 1) {
      const held = await asked(ledger, { key: `race-${round}` });
      const results = await race((racer) => {
        const verdict = verdicts[(racer + round) % verdicts.length] ?? "approve";
        return ledger.decide(decideRequest(held, verdict, { by: reviewer(`reviewer-${racer}`) }));
      });
      const now = await reread(ledger, held);
      assert.equal(now.decisions.length, 1);
      const verdict = now.decisions[0]?.verdict;
      assert.equal(now.permit?.basis, verdict === "reject" ? undefined : "decisions");
      assert.equal(now.proposal.state, verdict === "reject" ? "closed" : "open");
      assert.equal(results.filter((result) => result.ok && !result.repeated).length, 1);
      assert.equal(results.filter((result) => !result.ok && result.why === "closed").length, 15);
      assert.equal(await countOf("decided", ledger, held.proposal.id), 1);
      assert.equal(await countOf("permitted", ledger, held.proposal.id), verdict === "reject" ? 0 : 1);
    }
  });

  check("the same decision made 16 times at once is recorded once and confirmed to all", async (ledger) => {
    const held = await asked(ledger);
    const request = decideRequest(held, "approve");
    const results = await race(() => ledger.decide(request));
    const now = await reread(ledger, held);
    for (const result of results)
      assert.deepEqual(result, { ok: true, case: now, repeated: result.ok && result.repeated });
    assert.equal(results.filter((result) => result.ok && !result.repeated).length, 1);
    assert.equal(await countOf("decided", ledger, held.proposal.id), 1);
    assert.equal(await countOf("permitted", ledger, held.proposal.id), 1);
  });

  check("decisions race with re-asks, and neither is lost", async (ledger) => {
    const held = await asked(ledger);
    await race<unknown>((racer) =>
      racer === 7
        ? ledger.decide(decideRequest(held, "approve"))
        : ledger.ask(askRequest(held, `interrupt-after-${racer}`)),
    );
    const now = await reread(ledger, held);
    assert.deepEqual([now.review?.status, now.permit?.state, now.decisions.length], ["decided", "issued", 1]);
    assert.equal(await countOf("asked", ledger, held.proposal.id), now.review?.asks);
  });
}
