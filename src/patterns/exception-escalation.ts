import { AssentError } from "../model/error.js";
import type { Facts } from "../model/facts.js";
import { ROUTES, type Route } from "../model/routing.js";
import type { Assent } from "../nodes/assent.js";
import type { GateOptions, Tightening } from "../nodes/gate-settings.js";
import type { ReviewTerms } from "../policy/review-terms.js";
import { gateGraph, type Gate } from "./gate-graph.js";
import { gateRequirement, termsIn, type GateTerms } from "../nodes/terms.js";

/** A band of confidence: from its lower edge up to the edge of the band above it. */
export interface ConfidenceBand {
  /** The confidence that it begins at, 0 to 1. */
  from: number;
  /** Whether the edge itself belongs to the band below; it belongs to this one unless said. */
  above?: true;
  /** Where it sends a proposal, unless the policy is stricter. */
  route: Exclude<Route, "veto" | "clarify" | "suggest">;
}

/** Above 0.90 execute and log; from 0.70 to 0.90 execute and flag for review; below 0.70 pause and escalate. */
export const CONFIDENCE_BANDS: readonly ConfidenceBand[] = [
  { from: 0.9, above: true, route: "execute" },
  { from: 0.7, route: "flag" },
  { from: 0, route: "review" },
];

/** Options of {@link exceptionEscalation}. */
export interface ExceptionEscalationOptions<Name extends string = string> extends GateOptions<Name>, GateTerms {
  /** The bands, from the highest down to one that begins at 0; {@link CONFIDENCE_BANDS} unless said. */
  bands?: readonly ConfidenceBand[];
  /** Whether it is unclear what is wanted, so that a person is asked; unless said, whether the tag `ambiguous` is there. */
  isAmbiguous?: (facts: Facts) => boolean;
  /** JSON Schema of the answer that is asked for then. Members named like arguments take their place. */
  answer?: NonNullable<ReviewTerms["answer"]>;
}

/**
 * Exceptions go to people: how sure the agent is decides whether it acts, acts and is looked at afterwards, or waits for
 * a person. Where it is unclear what is wanted, a person is asked first, and the proposal is routed again with the
 * answer; if it is still unclear then, a person decides. A proposal without a confidence is in the lowest band.
 *
 * It only tightens the policy: for the bands to let anything through, the policy has to.
 *
 * @throws AssentError `gate_invalid` for bands that do not cover 0 to 1 from the top down.
 *
 * @example
 * ```ts
 * import { AssentState, addGate, createAssent, exceptionEscalation, memoryLedger, policy } from "assent";
 * import { START, StateGraph } from "@langchain/langgraph";
 *
 * const assent = createAssent({ actions: [], ledger: memoryLedger(), policy: policy({ default: { route: "execute" } }) });
 * export const graph = addGate(
 *   new StateGraph(AssentState).addNode("agent", () => ({})),
 *   "exceptions",
 *   exceptionEscalation(assent, { by: [{ role: "support-lead" }] }),
 * )
 *   .addEdge(START, "agent")
 *   .addEdge("agent", "exceptions")
 *   .compile();
 * ```
 */
export function exceptionEscalation<Name extends string>(
  assent: Assent<Name>,
  options: ExceptionEscalationOptions<NoInfer<Name>> = {},
): Gate {
  const { action, into, bands = CONFIDENCE_BANDS, isAmbiguous = taggedAmbiguous, answer } = options;
  return {
    build(name) {
      requireBands(name, bands);
      const requires = gateRequirement(name, termsIn(options));
      const asked = gateRequirement(name, { ...termsIn(options), ...(answer === undefined ? {} : { answer }) });
      return gateGraph(assent, {
        name,
        ...(action === undefined ? {} : { action }),
        ...(into === undefined ? {} : { into }),
        tighten({ round: { facts }, decisions }): Tightening {
          const { route, words } = bandOf(bands, facts.confidence);
          const isOpen = decisions.every(({ verdict }) => verdict !== "answer") && isAmbiguous(facts);
          if (isOpen) return { route: "clarify", because: "It is unclear what is wanted.", requires: asked };
          return route === "review" ? { route, because: words, requires } : { route, because: words };
        },
      });
    },
  };
}

function taggedAmbiguous({ tags = [] }: Facts): boolean {
  return tags.includes("ambiguous");
}

function bandOf(bands: readonly ConfidenceBand[], confidence: number | undefined): { route: Route; words: string } {
  const lowest = bands.at(-1)?.route ?? "review";
  if (confidence === undefined) return { route: lowest, words: "The agent does not say how sure it is." };
  const band = bands.find(({ from, above }) => (above === true ? confidence > from : confidence >= from));
  return { route: band?.route ?? lowest, words: `The agent is sure to ${confidence}.` };
}

function requireBands(gate: string, bands: readonly ConfidenceBand[]): void {
  const isDescending = bands.every(({ from }, index) => index === 0 || from < (bands[index - 1]?.from ?? 0));
  // Less sure may never be laxer.
  const isStricter = bands.every(
    ({ route }, index) => index === 0 || ROUTES.indexOf(route) >= ROUTES.indexOf(bands[index - 1]?.route ?? "execute"),
  );
  const last = bands.at(-1);
  if (isDescending && isStricter && last?.from === 0 && last.above !== true) return;
  throw new AssentError("gate_invalid", {
    what: "The bands go from the highest confidence down to one that begins at 0, and never become laxer",
    where: `gate ${gate}`,
    seen: bands,
  });
}
