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
      const routing = old?.round.routing ?? null;
      if (about?.kind === "undo") {
        const requires = requirementAfter(routing, assent.followUpTerms.undo);
        return { route: "review", because: "It takes an effect back.", requires };
      }
      // Who was not to let it run the first time is not to let it run the second time either.
      const requires = requirementAfter(routing, undefined, routing?.requires?.excludes);
      return { route: "review", because: "It was in doubt, and is run again.", requires };
    },
  };
}

/** A follow-up that runs once people let it, routed as its policy and its gate say now. */
export async function routedFollowUp(assent: Assent, draft: FollowUpDraft): Promise<NewFollowUp> {
  const held: Case = caseOf(drafted(draft));
  const { routing, outcome } = await whereTo(assent, followUpGate(assent, draft.kind), held);
  return opened(draft, "approval", routing, outcome === null ? null : { ...outcome, at: draft.at });
}
