import type { z } from "zod";
import { NO_AUTHORITY, type Authority } from "../authority/authority.js";
import type { Authenticator } from "../authority/authenticator.js";
import { keysMissing, processKeys, type Keys } from "../authority/keys.js";
import { localUser } from "../authority/local-user.js";
import { rollingAccuracy, type StageRule } from "../autonomy/stage-rule.js";
import type { Ledger } from "../ledger/ledger.js";
import type { Action } from "../model/action.js";
import { systemClock, type Clock } from "../model/clock.js";
import { AssentError } from "../model/error.js";
import type { Trust } from "../model/trust.js";
import type { Policy } from "../policy/policy.js";
import { refuseUnenforced } from "../policy/unenforced.js";
import { autonomyOf, type Autonomy } from "./autonomy.js";
import { agentsOf, type Agents } from "./agents.js";
import { actionOf } from "./actions.js";
import { followUpsOf, type FollowUps } from "./follow-ups.js";
import { requireFollowUpTerms, type FollowUpTerms } from "./follow-up-terms.js";
import { knownTrust, trustFromEnvironment, underLangGraphServer } from "./host.js";
import { propose, type ProposeOptions } from "./propose.js";
import { queueOf, type Queue } from "./queue.js";
import { reviewersOf, type Reviewers } from "./reviewers.js";
import { reviewsOf, type Reviews } from "./reviews.js";
import { tick, type Expired } from "./tick.js";

/** An action of any arguments and result, as a list of them holds it. */
// oxlint-disable-next-line typescript/no-explicit-any -- the only type that every Action<Schema, Result> fits
export type AnyAction = Action<any, any>;

/** How one Assent is set up. */
export interface AssentOptions<Actions extends readonly AnyAction[] = readonly AnyAction[]> {
  /** Every action that its gates may run. */
  actions: Actions;
  policy: Policy;
  ledger: Ledger;
  /** Who is believed; `verified` unless this or `ASSENT_TRUST` says otherwise. */
  trust?: Trust;
  /** Whose principals may decide; the OS user of this process unless said. */
  authenticators?: readonly Authenticator<never>[];
  /**
   * What decisions are signed with and checked with, from `loadKeys`. Verified trust needs them, except with a ledger
   * that lives in this process: there a key that lives in this process does.
   */
  keys?: Keys | null;
  /**
   * What moves the stages that `progressiveAutonomy` goes by, where decisions are made; {@link rollingAccuracy} unless
   * said. Processes that share a ledger should have the same.
   */
  stageRule?: StageRule;
  /**
   * Who may let how much run, what they must hold for it, and who is kept apart, from `authority`; the default one
   * unless said. Processes that share a ledger should have the same.
   */
  authority?: Authority;
  /** Who is asked about effects in doubt, second looks and effects to be taken back, and by when. */
  followUps?: FollowUpTerms;
  clock?: Clock;
  /** How long a claim on a permit holds without a sign of life from its owner; 30,000 unless said. */
  leaseMs?: number;
}

/**
 * Actions, policy, ledger and trust, tied together: what nodes and gates are built from. `Name` is what its actions are
 * called.
 */
export interface Assent<Name extends string = string> {
  readonly trust: Trust;
  /** Every action that its gates may run. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as AnyAction
  readonly actions: readonly Action<any, any, Name>[];
  readonly policy: Policy;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly authenticators: readonly Authenticator<never>[];
  /** Null only in open trust. */
  readonly keys: Keys | null;
  readonly leaseMs: number;
  readonly authority: Authority;
  /** Who is asked about what is over. */
  readonly followUpTerms: FollowUpTerms;
  readonly reviews: Reviews;
  /** What waits for people, and who looks at what. */
  readonly queue: Queue;
  /** Who decides, and what is known of them. */
  readonly reviewers: Reviewers;
  /** The kill switch. */
  readonly agents: Agents;
  /** Taking effects back, and reporting incidents. */
  readonly followUps: FollowUps;
  readonly stageRule: StageRule;
  readonly autonomy: Autonomy;
  /**
   * Lets every deadline and window that has passed have its effect, and tells which. Call it as often as deadlines
   * should be exact, from any number of processes; then deliver to the threads that are named.
   *
   * @throws AssentError what the ledger throws.
   */
  tick(): Promise<Expired[]>;
  /**
   * The declared action of a name.
   *
   * @throws AssentError `action_unknown`.
   */
  action(name: string): AnyAction;
  /**
   * Records what an agent wants to do. Call it inside a node and return what it gives; the gate does the rest.
   *
   * @throws AssentError `args_invalid`, `facts_invalid`, `action_unknown`, `key_required`, `proposal_conflict`,
   *   `outside_node`, `thread_missing`, and what the ledger throws.
   */
  propose<Schema extends z.ZodObject, Result>(
    action: Action<Schema, Result, Name>,
    args: z.input<Schema>,
    options?: ProposeOptions,
  ): Promise<{ proposals: string[] }>;
}

/**
 * Ties actions, a policy and a ledger together.
 *
 * @throws AssentError `config_invalid` for options that cannot be used, `gate_invalid` for such `followUps`, `keys_missing` for verified trust without keys,
 *   `policy_unsupported` for a policy that asks for more in verified trust than this version enforces,
 *   `ledger_volatile` for a memory ledger under a LangGraph server.
 * @example
 * ```ts
 * import { createAssent, defineAction, memoryLedger, policy } from "assent";
 * import { z } from "zod";
 *
 * const greet = defineAction({
 *   name: "greet",
 *   args: z.object({ whom: z.string() }),
 *   summary: (a) => `Greet ${a.whom}`,
 *   idempotent: true,
 *   run: (a) => `hello ${a.whom}`,
 * });
 * export const assent = createAssent({
 *   actions: [greet],
 *   ledger: memoryLedger(),
 *   policy: policy({ default: { route: "review" } }),
 * });
 * ```
 */
export function createAssent<const Actions extends readonly AnyAction[]>(
  options: AssentOptions<Actions>,
): Assent<Actions[number]["name"]> {
  const { policy, ledger, clock = systemClock, authenticators = [localUser], leaseMs = 30_000 } = options;
  const actions = byName(options.actions);
  const trust = options.trust === undefined ? (trustFromEnvironment() ?? "verified") : knownTrust(options.trust);
  requireLease(leaseMs);
  const followUpTerms = options.followUps ?? {};
  requireFollowUpTerms(followUpTerms);
  requireLasting(ledger);
  const keys = keysFor(options, trust);
  if (trust === "verified") refuseUnenforced(policy);
  const action = (name: string): AnyAction => {
    const found = actionOf(assent, name);
    if (found !== undefined) return found;
    throw new AssentError("action_unknown", {
      what: `This process declares no action "${name}"`,
      seen: [...actions.keys()],
      fix: "List it under `actions` of createAssent; the thread stays where it is until then",
    });
  };
  const assent: Assent = {
    trust,
    actions: [...actions.values()],
    policy,
    ledger,
    clock,
    authenticators,
    keys,
    leaseMs,
    authority: options.authority ?? NO_AUTHORITY,
    followUpTerms,
    action,
    get reviews() {
      return reviews;
    },
    get queue() {
      return queue;
    },
    get reviewers() {
      return reviewers;
    },
    get agents() {
      return agents;
    },
    get followUps() {
      return followUps;
    },
    stageRule: options.stageRule ?? rollingAccuracy(),
    get autonomy() {
      return autonomy;
    },
    tick: () => tick(assent),
    async propose(declared, args, proposeOptions) {
      action(declared.name);
      return propose(assent, declared, args, proposeOptions);
    },
  };
  const reviews = reviewsOf(assent);
  const queue = queueOf(assent);
  const reviewers = reviewersOf(assent);
  const agents = agentsOf(assent);
  const autonomy = autonomyOf(assent);
  const followUps = followUpsOf(assent);
  return assent;
}

function requireLasting({ durable }: Ledger): void {
  if (durable || !underLangGraphServer()) return;
  throw new AssentError("ledger_volatile", {
    what: "A LangGraph server reloads this module and would lose a ledger that lives in memory",
    where: "ledger",
    fix: "Use postgresLedger from assent/postgres",
  });
}

function requireLease(leaseMs: number): void {
  if (Number.isInteger(leaseMs) && leaseMs >= 100) return;
  throw new AssentError("config_invalid", {
    what: "A lease lasts a whole number of milliseconds, 100 at least",
    where: "leaseMs",
    seen: leaseMs,
  });
}

function keysFor({ keys, ledger }: AssentOptions, trust: Trust): Keys | null {
  const found = keys ?? (ledger.durable ? null : processKeys());
  if (found !== null || trust === "open") return found;
  throw keysMissing("Verified trust needs keys: decisions are signed", "keys");
}

function byName(actions: readonly AnyAction[]): ReadonlyMap<string, AnyAction> {
  const known = new Map<string, AnyAction>();
  for (const action of actions) {
    if (known.has(action.name)) {
      throw new AssentError("config_invalid", {
        what: "Two actions have one name",
        where: "actions",
        seen: action.name,
      });
    }
    known.set(action.name, action);
  }
  return known;
}
