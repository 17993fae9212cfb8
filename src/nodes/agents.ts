import { recordOf, requirePrincipal, type Principal } from "../authority/authenticator.js";
import type { Case } from "../model/case.js";
import { AssentError } from "../model/error.js";
import { haltOf, scopeInWords, type Halt } from "../model/halt.js";
import type { Routing } from "../model/routing.js";
import { oneLine } from "../model/visible-text.js";
import type { Assent } from "./assent.js";

/** What somebody halts or lifts. With neither an agent nor an action named, it is about everything. */
export interface HaltOptions {
  /** The agent as it stands in proposals; every agent if left out. */
  agent?: string;
  /** The action's name; every action if left out. */
  action?: string;
  /** Who says so: a principal from an accepted authenticator, never a string. */
  by: Principal;
  /** Why; whoever meets the halt reads it. */
  reason: string;
}

/** Stopping what agents do, and letting them go on; `assent.agents`. */
export interface Agents {
  /**
   * Nothing of the scope runs from the moment that this returns: threads get as far as the claim, and stay resumable
   * there with `agent_halted`. What was claimed before ends as it ends. Proposals are still routed, and people asked.
   *
   * @throws AssentError `principal_unverified`, `decision_invalid` without a reason, `action_unknown`, and what the
   *   ledger throws: then it is not known whether anything is halted, and the call has to be repeated.
   */
  pause(options: HaltOptions): Promise<Halt>;
  /**
   * Like `pause`, and every proposal that is routed while it stands is blocked. A scope has one halt: this replaces a
   * pause, and a pause replaces this.
   *
   * @throws AssentError as `pause` does.
   */
  kill(options: HaltOptions): Promise<Halt>;
  /**
   * Lifts the halt of exactly this scope and gives it; null if there is none. A wider or narrower halt still stands.
   * Threads that it held back run when they are resumed or delivered to; what was blocked stays blocked.
   *
   * @throws AssentError `principal_unverified`, `decision_invalid` without a reason, and what the ledger throws.
   */
  resume(options: HaltOptions): Promise<Halt | null>;
  /** Every halt that stands. */
  list(): Promise<Halt[]>;
}

/** The agents of one Assent. */
export function agentsOf(assent: Assent): Agents {
  const order = (options: HaltOptions) => {
    const by = recordOf(requirePrincipal(options.by, assent.authenticators));
    const [agent, action] = [nameOf("agent", options.agent), nameOf("action", options.action)];
    return { agent, action, by, reason: reasonOf(options.reason), at: assent.clock.now().toISOString() };
  };
  const halt = async (kind: Halt["kind"], options: HaltOptions): Promise<Halt> => {
    const ordered = order(options);
    // A name that nobody has would halt nothing, and look as if it did.
    if (ordered.action !== null) assent.action(ordered.action);
    return assent.ledger.halt({ ...ordered, kind });
  };
  return {
    pause: (options) => halt("pause", options),
    kill: (options) => halt("kill", options),
    resume: async (options) => assent.ledger.lift(order(options)),
    list: () => assent.ledger.halts(),
  };
}

function nameOf(where: string, name: unknown): string | null {
  if (name === undefined || name === null) return null;
  if (typeof name === "string") return name;
  throw new AssentError("decision_invalid", { what: `The ${where} to halt is named by a text`, where, seen: name });
}

function reasonOf(reason: unknown): string {
  if (typeof reason === "string" && reason.trim() !== "") return reason;
  throw new AssentError("decision_invalid", {
    what: "Say why: whoever meets the halt has to know",
    where: "reason",
    seen: reason,
  });
}

/** Where a proposal goes while its agent or action is killed; null if neither is. */
export async function killedRouting({ ledger, policy }: Assent, { proposal }: Case): Promise<Routing | null> {
  const kills = (await ledger.halts()).filter(({ kind }) => kind === "kill");
  const halt = haltOf(kills, proposal);
  if (halt === null) return null;
  return { route: "block", rules: [], explanation: `${inWords(halt)}.`, policyDigest: policy.digest };
}

/** What stops a claim while a halt applies. The thread stays where it is. */
export function agentHalted(halt: Halt, { proposal }: Case): AssentError {
  return new AssentError("agent_halted", {
    what: inWords(halt),
    where: `proposal ${proposal.id}`,
    seen: { halted: halt.at, agent: halt.agent, action: halt.action },
    fix: "Nothing ran. Once it is lifted (assent.agents.resume), resume the thread again",
  });
}

function inWords(halt: Halt): string {
  const done = halt.kind === "kill" ? "stopped" : "paused";
  return `${oneLine(halt.by.name, 80)} has ${done} ${oneLine(scopeInWords(halt), 200)}: ${oneLine(halt.reason, 300)}`;
}
