import type { Facts } from "../model/facts.js";
import type { Proposal } from "../model/proposal.js";
import type { Assent } from "./assent.js";

/**
 * What the policy wants to know of earlier cases before it routes these facts, as the ledger has it now.
 *
 * It is asked again at the claim. A permit counts from its commit on, and whoever claims asks after theirs: of two that
 * were permitted at the same time at least one sees the other, so together they never get past a limit.
 *
 * @throws AssentError what the ledger throws: without it nothing is routed.
 */
export async function historyFor(
  { policy, ledger }: Assent,
  { id, action, agent }: Pick<Proposal, "id" | "action" | "agent">,
  facts: Facts,
): Promise<Record<string, number>> {
  if (policy.history.length === 0) return {};
  return ledger.history({ proposalId: id, like: { action, agent, facts }, queries: policy.history });
}
