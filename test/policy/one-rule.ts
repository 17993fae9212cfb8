import type { Routing } from "../../src/model/routing.js";
import type { Condition } from "../../src/policy/source.js";
import { unjudged } from "./unjudged.js";

/** The facts that conditions in these tests may read beside the built-in ones. */
export const DECLARED = {
  customer: { type: "string" },
  fraudScore: { type: "number", min: 0, max: 1, risk: "up" },
  count: { type: "number" },
  vip: { type: "boolean" },
  labels: { type: "tags" },
} as const;

/** The routing of a policy that blocks when `when` holds and executes when it does not. */
export function routingOf(when: Condition<typeof DECLARED>, facts: object): Routing {
  const one = unjudged({
    facts: DECLARED,
    rules: [{ id: "it", when, route: "block" }],
    default: { route: "execute" },
  });
  return one.evaluate({ action: "pay", agent: "bot", facts: facts as never });
}

/** Whether a condition holds: `true`, `false`, or `"unknown"` where the policy failed closed. */
export function holds(when: Condition<typeof DECLARED>, facts: object): boolean | "unknown" {
  const { route, failedClosed } = routingOf(when, facts);
  if (failedClosed === true) return "unknown";
  return route === "block";
}
