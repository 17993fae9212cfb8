import { canonicalJson } from "../model/canonical-json.js";
import type { HistoryQuery, PolicyInput } from "../model/facts.js";
import type { OutcomeStatus } from "../model/outcome.js";

/** What is asked of earlier cases. */
export interface HistoryRequest {
  /** The proposal that asks: it is never among what is summed or counted. */
  proposalId: string;
  /** What earlier cases have to be like: the facts of the round that is routed. */
  like: Pick<PolicyInput, "action" | "agent" | "facts">;
  queries: readonly CaseQuery[];
}

/** A question of a policy, or one about what was really done. */
export interface CaseQuery extends HistoryQuery {
  /** Only cases that ended as executed; otherwise everything that was let through. */
  readonly executed?: boolean;
}

/** How a case ends that was let through and had no effect. */
export const WITHOUT_EFFECT = ["rejected", "expired", "blocked", "failed"] as const satisfies readonly OutcomeStatus[];

/** What a query looks for in one case, with the asker's own values filled in. */
export interface Likeness {
  query: CaseQuery;
  /** Facts that have to be equal, as canonical texts by name. */
  facts: ReadonlyMap<string, string>;
  agent: string | null;
  /** Null for every action. */
  actions: readonly string[] | null;
}

/** Queries about what the asker itself does not have cannot be answered, and are left out: the policy then knows nothing. */
export function likenessesOf({ like, queries }: HistoryRequest): Likeness[] {
  return queries.flatMap((query): Likeness[] => {
    const facts = new Map<string, string>();
    for (const name of query.per.filter((each) => each !== "action" && each !== "agent")) {
      const value = Object.hasOwn(like.facts, name) ? like.facts[name] : undefined;
      if (value === undefined) return [];
      facts.set(name, canonicalJson(value));
    }
    const within = query.actions ?? null;
    const own = query.per.includes("action") ? [like.action] : null;
    const actions = own === null || within === null ? (own ?? within) : own.filter((name) => within.includes(name));
    return [{ query, facts, agent: query.per.includes("agent") ? like.agent : null, actions }];
  });
}

/** A sum as people mean it: without the dust that adding binary fractions leaves behind. */
export function tidySum(sum: number): number {
  return Number(sum.toPrecision(15));
}
