import { canonicalJson } from "../../model/canonical-json.js";
import { likenessesOf, tidySum, WITHOUT_EFFECT, type HistoryRequest, type Likeness } from "../history.js";
import type { Entry } from "./entry.js";

/** Answers what is asked of earlier cases, as of `nowMs`. */
export function historyOf(entries: Iterable<Entry>, request: HistoryRequest, nowMs: number): Record<string, number> {
  const others = [...entries].filter(({ proposal }) => proposal.id !== request.proposalId);
  return Object.fromEntries(
    likenessesOf(request).map((likeness) => [likeness.query.name, answer(others, likeness, nowMs)]),
  );
}

function answer(entries: readonly Entry[], likeness: Likeness, nowMs: number): number {
  const { query } = likeness;
  const since = new Date(nowMs - query.overMs).toISOString();
  const counted = entries.filter((entry) => counts(entry, since) && isLike(entry, likeness));
  if (query.of === "count") return counted.length;
  return tidySum(counted.reduce((sum, entry) => sum + amountOf(entry, query.currency), 0));
}

function counts({ proposal, permits, spentAt }: Entry, since: string): boolean {
  const permit = permits.get(proposal.round);
  return permit !== undefined && permit.state !== "void" && (spentAt === null || spentAt > since);
}

function isLike({ proposal, rounds, outcome }: Entry, { query, facts, agent, actions }: Likeness): boolean {
  const own = rounds.get(proposal.round)?.facts ?? {};
  const without: readonly unknown[] = WITHOUT_EFFECT;
  return (
    !without.includes(outcome?.status) &&
    (query.executed !== true || outcome?.status === "executed") &&
    (agent === null || proposal.agent === agent) &&
    (actions === null || actions.includes(proposal.action)) &&
    [...facts].every(([name, text]) => own[name] !== undefined && canonicalJson(own[name]) === text)
  );
}

function amountOf({ proposal, rounds }: Entry, currency: string | undefined): number {
  const amount = rounds.get(proposal.round)?.facts.amount;
  return amount !== undefined && amount.currency === currency ? amount.value : 0;
}
