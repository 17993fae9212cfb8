import type { Facts } from "../model/facts.js";
import { factKindsOf } from "./fact-kinds.js";
import type { Policy } from "./policy.js";
import { nearestWord } from "./problems.js";
import { quoted } from "./quoted.js";

/** What no proposal has for a fact of its own, though rules may test it. */
const OF_THE_PROPOSAL: readonly string[] = ["action", "agent"];

/**
 * The facts of a proposal that a policy knows nothing of, each in a sentence. No rule reads them, which is right for what
 * is only shown, and a slip where it was meant for one.
 */
export function undeclaredFacts(policy: Policy, facts: Facts): string[] {
  const known = [...factKindsOf(policy.source.facts).keys()].filter((name) => !OF_THE_PROPOSAL.includes(name));
  const others = Object.keys(facts).filter((name) => !known.includes(name));
  return others.map((name) => {
    if (OF_THE_PROPOSAL.includes(name)) return `${name} is the proposal's own, never one of its facts`;
    const near = nearestWord(name, known);
    const hint = near === undefined ? "" : `: did you mean ${quoted(near)}?`;
    return `the policy declares no fact ${quoted(name)}, and reads it nowhere${hint}`;
  });
}
