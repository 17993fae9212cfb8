import { z } from "zod";
import { Requirement } from "./requirement.js";
import { Stage } from "./stage.js";

/** Every route from laxest to strictest; the order is the meaning. */
export const ROUTES = ["execute", "flag", "veto", "clarify", "review", "suggest", "block"] as const;
/** Where a policy sends a proposal. */
export const Route = z.enum(ROUTES);
/** Where a policy sends a proposal. */
export type Route = z.infer<typeof Route>;

/** What a policy says about one proposal, with everything needed to explain and to repeat it. */
export const Routing = z.strictObject({
  route: Route,
  /** The ids of the rules that matched, in the order of the policy; empty if the default or an error decided. */
  rules: z.array(z.string()),
  /** One sentence for people. */
  explanation: z.string(),
  /** Digest of the policy that said so. */
  policyDigest: z.string(),
  /** Set where the policy could not be evaluated and the routing is the fail-closed one. */
  failedClosed: z.boolean().optional(),
  /** What people have to say before it may run; left out where nothing in particular is asked of them. */
  requires: Requirement.optional(),
  /** What the ledger knew of earlier cases when it was routed, by the name that the policy gives it. */
  history: z.record(z.string(), z.number()).optional(),
  /** The share of executed cases, 0 to 1, that somebody looks at a second time; left out for none. */
  sample: z.number().min(0).max(1).optional(),
  /** The stage of the agent and the action when it was routed; left out where the gate does not go by stages. */
  stage: Stage.optional(),
});
/** What a policy says about one proposal. */
export type Routing = z.infer<typeof Routing>;

/** Whether a routing lets the agent act without anybody being asked first. */
export function isAutomatic(route: Route): route is "execute" | "flag" {
  return route === "execute" || route === "flag";
}

/** Whether a routing never lets the agent act, whatever people say. */
export function mayNeverRun(route: Route): route is "suggest" | "block" {
  return route === "suggest" || route === "block";
}

/** The stricter of two routes. */
export function stricter(a: Route, b: Route): Route {
  return ROUTES.indexOf(a) >= ROUTES.indexOf(b) ? a : b;
}
