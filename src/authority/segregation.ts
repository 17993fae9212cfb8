import type { Case } from "../model/case.js";
import type { Verdict } from "../model/decision.js";
import type { PrincipalRecord } from "../model/principal.js";
import type { Requirement } from "../model/requirement.js";
import { letsRun } from "./allowed.js";
import type { Authority } from "./authority.js";

/** The parts of a case that say who had a part in it. */
export interface Origin {
  readonly proposal: Pick<Case["proposal"], "requestedBy" | "agent">;
}

/** Ids of the people who have no vote on a case: whom the requirement excludes, and whose part in it keeps them from it. */
export function excludedFrom(
  { source: { segregation } }: Authority,
  { proposal: { requestedBy, agent } }: Origin,
  requires: Requirement | undefined,
): string[] {
  const { requester, agentOwners, policyAuthors } = segregation;
  const owners = Object.hasOwn(agentOwners, agent) ? (agentOwners[agent] ?? []) : [];
  const asked = requester && requestedBy !== null ? [requestedBy] : [];
  return [...new Set([...(requires?.excludes ?? []), ...asked, ...owners, ...policyAuthors])];
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
