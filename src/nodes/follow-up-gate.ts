import type { Case } from "../model/case.js";
import { afterWhat } from "../model/follow-up.js";
import { caseOf, type NewFollowUp } from "../ledger/following.js";
import type { Assent } from "./assent.js";
import { drafted, opened, type FollowUpDraft } from "./follow-up-cases.js";
import { requirementAfter } from "./follow-up-terms.js";
import type { GateSettings, Tightening } from "./gate-settings.js";
import { whereTo } from "./route.js";

/**
 * The gate of a follow-up that runs: whatever the policy says, a person lets it run. It is asked when the follow-up is
 * routed and again when its permit is claimed, like every gate.
 */
export function followUpGate(assent: Assent, name: string): GateSettings {
  return {
    name,
    async tighten(held): Promise<Tightening> {
      const about = afterWhat(held);
      const proposal = about?.proposal ?? null;
      const old = proposal === null ? null : await assent.ledger.read(proposal);
      const terms = about?.kind === "undo" ? assent.followUpTerms.undo : undefined;
      const because = about?.kind === "undo" ? "It takes an effect back." : "It was in doubt, and is run again.";
      return { route: "review", because, requires: requirementAfter(old?.round.routing ?? null, terms) };
    },
  };
}

/** A follow-up that runs once people let it, routed as its policy and its gate say now. */
export async function routedFollowUp(assent: Assent, draft: FollowUpDraft): Promise<NewFollowUp> {
  const held: Case = caseOf(drafted(draft));
  const { routing, outcome } = await whereTo(assent, followUpGate(assent, draft.kind), held);
  return opened(draft, "approval", routing, outcome === null ? null : { ...outcome, at: draft.at });
}
