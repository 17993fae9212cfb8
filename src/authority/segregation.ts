import type { Case } from "../model/case.js";
import type { Verdict } from "../model/decision.js";
import type { PrincipalRecord } from "../model/principal.js";
import { letsRun } from "./allowed.js";
import type { Authority } from "./authority.js";

/** The parts of a case that say who had a part in it. */
export interface Origin {
  readonly proposal: Pick<Case["proposal"], "requestedBy" | "agent">;
}

/**
 * Whether somebody's part in a case keeps them from saying this: why, or null. Whoever asked for it, answers for the
 * agent or wrote the policy does not let it run; to say no, or nothing, they are free. Only ids are compared: a name
 * is anybody's to choose.
 */
export function whyNotSeparate(
  { source: { segregation } }: Authority,
  { id, name }: Pick<PrincipalRecord, "id" | "name">,
  { proposal: { requestedBy, agent } }: Origin,
  verdict: Verdict,
): string | null {
  if (!letsRun(verdict)) return null;
  const { requester, agentOwners, policyAuthors } = segregation;
  if (requester && requestedBy === id) return `${name} asked for this, so somebody else has to let it run`;
  // An agent may be called `constructor`, which every object has.
  const owners = Object.hasOwn(agentOwners, agent) ? agentOwners[agent] : undefined;
  if (owners?.includes(id) === true) {
    return `${name} answers for the agent ${agent}, so somebody else has to let this run`;
  }
  if (policyAuthors.includes(id)) return `${name} wrote the policy, so somebody else has to let this run`;
  return null;
}
