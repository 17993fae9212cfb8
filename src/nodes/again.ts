import { whyNotFound } from "../authority/standing.js";
import { auditId, type Case } from "../model/case.js";
import { AssentError } from "../model/error.js";
import { followUpId } from "../model/follow-up.js";
import type { Ledger } from "../ledger/ledger.js";
import type { Assent } from "./assent.js";
import { findingIn, type Found } from "./finding.js";
import { sameAs } from "./follow-up-cases.js";
import { routedFollowUp } from "./follow-up-gate.js";
import { signatories } from "./signatories.js";

/** The answer by which what was in doubt is to be run again; null for every other case. */
function wanted(held: Case): Found | null {
  const found = findingIn(held);
  return found?.happened === "again" ? found : null;
}

/** Whether a reconciliation was answered `again`, and nothing has come of that yet. */
export async function awaitsAgain(ledger: Ledger, held: Case): Promise<boolean> {
  const again = wanted(held);
  return again !== null && (await ledger.read(followUpId("again", again.old))) === null;
}

/**
 * Opens the case in which what was in doubt is run again, if people let it. Safe to repeat, from anywhere: a case has one.
 * If we die before the write, the reconciliation still awaits it.
 *
 * @throws AssentError `permit_mismatch` if nobody who is trusted has said so, and what the ledger throws.
 */
export async function openAgain(assent: Assent, held: Case): Promise<void> {
  const again = wanted(held);
  const old = again === null ? null : await assent.ledger.read(again.old);
  if (again === null || old === null) return;
  const why = whyNotFound(again.answer, held, await signatories(assent, held));
  if (why !== null || old.outcome?.status !== "in-doubt") {
    throw new AssentError("permit_mismatch", {
      what: `It is not run again: ${why ?? "the old case is not in doubt"}`,
      where: `proposal ${held.proposal.id}`,
      fix: "Somebody changed the ledger's rows; find out who",
    });
  }
  const { by, note } = again.answer;
  const draft = {
    ...sameAs(assent, old, "again", assent.clock.now().toISOString()),
    id: followUpId("again", old.proposal.id),
    told: { found: { by: by.name, evidence: note, case: auditId(held.proposal.id) } },
  };
  await assent.ledger.followUp(await routedFollowUp(assent, draft));
}
