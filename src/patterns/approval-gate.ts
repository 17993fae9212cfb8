import { AssentError } from "../model/error.js";
import type { Case } from "../model/case.js";
import type { Facts } from "../model/facts.js";
import type { Assent } from "../nodes/assent.js";
import type { GateOptions, Tighten } from "../nodes/gate-settings.js";
import { gateGraph, type Gate } from "./gate-graph.js";
import { gateRequirement, termsIn, type GateTerms } from "../nodes/terms.js";

/** From where on a gate asks a person, whatever the policy says. Any one of them is enough. */
export interface Threshold {
  /** Amounts above this ask, one limit for each currency; so does any amount in another currency. */
  amount?: Readonly<Record<Uppercase<string>, number>>;
  /** A risk above this asks, 0 to 1. */
  risk?: number;
  /** A confidence below this asks, 0 to 1. */
  confidence?: number;
}

/** Options of {@link approvalGate}. */
export interface ApprovalGateOptions<Name extends string = string> extends GateOptions<Name>, GateTerms {
  /**
   * Asks a person from there on, also where the policy would not. A fact that it names and that is missing asks too.
   * Left out, the policy alone decides who is asked.
   */
  threshold?: Threshold;
}

/**
 * The approval gate: policy decides what goes through by itself, people decide the rest, and each approved action runs
 * once. A subgraph with four visible nodes, `policy`, `review`, `execute` and `audit`, and private state.
 *
 * It takes the thread's open proposals in state order, one after the other, until none is open. `threshold`, `by`,
 * `within` and `otherwise` make it stricter than the policy, never laxer: people of both have to agree, the earlier
 * deadline and the stricter fallback count. `otherwise: "execute"` lets an action run when nobody has decided in time.
 *
 * @throws AssentError `gate_invalid` for a threshold or a duration that is none.
 *
 * @example
 * ```ts
 * import { START, StateGraph } from "@langchain/langgraph";
 * import { AssentState, addGate, approvalGate, createAssent, memoryLedger, policy } from "assent";
 *
 * const assent = createAssent({ actions: [], ledger: memoryLedger(), policy: policy({ default: { route: "review" } }) });
 * const builder = new StateGraph(AssentState).addNode("agent", () => ({}));
 * const gate = approvalGate(assent, { threshold: { amount: { USD: 500 }, risk: 0.3 }, within: "PT4H", otherwise: "reject" });
 * export const graph = addGate(builder, "gate", gate)
 *   .addEdge(START, "agent")
 *   .addEdge("agent", "gate")
 *   .compile();
 * ```
 */
export function approvalGate<Name extends string>(
  assent: Assent<Name>,
  options: ApprovalGateOptions<NoInfer<Name>> = {},
): Gate {
  const { action, into, threshold } = options;
  return {
    build(name) {
      if (threshold !== undefined) requireThreshold(name, threshold);
      const terms = termsIn(options);
      const asksMore = threshold !== undefined || Object.keys(terms).length > 0;
      const tighten = asksMore ? tightening(threshold, gateRequirement(name, terms)) : undefined;
      return gateGraph(assent, {
        name,
        ...(action === undefined ? {} : { action }),
        ...(into === undefined ? {} : { into }),
        ...(tighten === undefined ? {} : { tighten }),
      });
    },
  };
}

function tightening(threshold: Threshold | undefined, requires: ReturnType<typeof gateRequirement>): Tighten {
  return ({ round }: Case, { route }) => {
    const reasons = threshold === undefined ? [] : whyBeyond(threshold, round.facts);
    if (reasons.length > 0)
      return { route: "review", because: `The gate asks a person: ${reasons.join(", ")}.`, requires };
    return route === "review" ? { route, because: "", requires } : null;
  };
}

function whyBeyond({ amount, risk, confidence }: Threshold, facts: Facts): string[] {
  const reasons: string[] = [];
  if (amount !== undefined) {
    const { value, currency } = facts.amount ?? {};
    const limit = currency === undefined ? undefined : (amount as Record<string, number>)[currency];
    if (value === undefined || currency === undefined) reasons.push("amount is missing");
    else if (limit === undefined) reasons.push(`amounts in ${currency} have no threshold`);
    else if (value > limit) reasons.push(`amount ${value} ${currency} is above ${limit} ${currency}`);
  }
  if (risk !== undefined && !(facts.risk !== undefined && facts.risk <= risk)) {
    reasons.push(facts.risk === undefined ? "risk is missing" : `risk ${facts.risk} is above ${risk}`);
  }
  if (confidence !== undefined && !(facts.confidence !== undefined && facts.confidence >= confidence)) {
    const seen = facts.confidence;
    reasons.push(seen === undefined ? "confidence is missing" : `confidence ${seen} is below ${confidence}`);
  }
  return reasons;
}

function requireThreshold(gate: string, { amount = {}, risk, confidence }: Threshold): void {
  const shares = Object.entries({ risk, confidence }).filter(([, value]) => value !== undefined);
  const wrongShare = shares.find(([, value]) => !(Number.isFinite(value) && (value ?? -1) >= 0 && (value ?? 2) <= 1));
  const wrongAmount = Object.entries(amount).find(
    ([currency, limit]) => !/^[A-Z]{3}$/.test(currency) || !Number.isFinite(limit) || limit < 0,
  );
  const [where, seen] = wrongShare ?? wrongAmount ?? [];
  if (where === undefined) return;
  throw new AssentError("gate_invalid", {
    what: "A threshold is a number from 0 to 1, or an amount of at least 0 for each currency such as { USD: 500 }",
    where: `gate ${gate}, threshold ${where}`,
    seen,
  });
}
