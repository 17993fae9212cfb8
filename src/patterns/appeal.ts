import { z } from "zod";
import { defineAction, type Action } from "../model/action.js";
import { canonicalJson } from "../model/canonical-json.js";
import { appealId, type Case } from "../model/case.js";
import { readable } from "../model/decision.js";
import { AssentError } from "../model/error.js";
import type { Outcome } from "../model/outcome.js";
import { handOver } from "../nodes/audit-node.js";
import type { AnyAction, Assent } from "../nodes/assent.js";
import { parseArgs } from "../nodes/arguments.js";
import { declare } from "../nodes/declared.js";
import { partakersIn } from "../nodes/follow-up-cases.js";
import type { GateOptions, Tightening } from "../nodes/gate-settings.js";
import { proposeOnce } from "../nodes/propose.js";
import { executedCase, takeBack, TakenBack, takenBackOf } from "../nodes/taking-back.js";
import { actionName } from "./ask-human.js";
import { gateGraph, type Gate } from "./gate-graph.js";
import { gateRequirement, termsIn, type GateTerms } from "../nodes/terms.js";

/** One appeal: which case, who is affected, and what they say. */
export interface Appealed {
  /** Id of the proposal whose effect is appealed against; an outcome's `proposalId`. */
  proposal: string;
  /** Id of the person who appeals; they cannot decide on it. */
  by: string;
  /** Their grounds: shown as their words, never trusted. */
  grounds: string;
}

/** Options of {@link appeal}. `State` is the state of your graph. */
export interface AppealOptions<State, Name extends string = string> extends GateTerms, Pick<GateOptions, "into"> {
  /** The action whose effects can be appealed against. */
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever its arguments and result are
  action: Action<any, any, Name>;
  /** The appeal, from your state; null if there is none. */
  appeals: (state: State) => Appealed | null;
  /** Whether an appeal that is granted takes the effect back by the action's `undo`; unless said, if it has one. */
  undo?: boolean;
}

/**
 * Human review after the fact: somebody affected by an action that has already run, most often by itself, asks for a
 * person (GDPR, article 22 (3)). It becomes a case of its own that names the old one. Nobody who decided on the old one
 * can decide on it, nor who appeals. `approve` grants it and takes the effect back, with the action's `undo`; `reject`
 * lets it stand. The old case stays as it is.
 *
 * A case can be appealed against once, from any thread. Where that was done before, the gate hands on how it ended, or
 * throws `proposal_conflict` while it is pending. An `undo` is tried again after a crash if the action is idempotent; its
 * idempotency key is the same for ever.
 *
 * @throws AssentError when it is built: `gate_invalid` for a duration that is none, `otherwise: "execute"`, or `undo` of
 *   an action that has none. When it runs: `args_invalid` for a case that was not executed or is another action's,
 *   `proposal_unknown`, `proposal_conflict`.
 *
 * @example
 * ```ts
 * import { AssentState, addGate, appeal, createAssent, defineAction, memoryLedger, policy } from "assent";
 * import { START, StateGraph } from "@langchain/langgraph";
 * import { z } from "zod";
 *
 * const suspend = defineAction({
 *   name: "suspend-account",
 *   args: z.object({ account: z.string() }),
 *   summary: (a) => `Suspend ${a.account}`,
 *   idempotent: true,
 *   run: () => null,
 *   undo: () => null,
 * });
 * const State = AssentState.extend({ proposal: z.string(), who: z.string(), grounds: z.string() });
 * const assent = createAssent({ actions: [suspend], ledger: memoryLedger(), policy: policy({ default: { route: "execute" } }) });
 * const appeals = appeal(assent, {
 *   action: suspend,
 *   appeals: (s: z.infer<typeof State>) => ({ proposal: s.proposal, by: s.who, grounds: s.grounds }),
 *   by: [{ role: "appeals-board" }],
 * });
 * export const graph = addGate(new StateGraph(State), "appeals", appeals).addEdge(START, "appeals").compile();
 * ```
 */
export function appeal<State = Record<string, never>, Name extends string = string>(
  assent: Assent<Name>,
  options: AppealOptions<State, NoInfer<Name>>,
): Gate {
  return {
    build(name) {
      requirePossible(name, options);
      const { into, appeals } = options;
      const action = appealAction(assent, name, options);
      declare(assent, action);
      const requires = gateRequirement(name, termsIn(options));
      return gateGraph(
        assent,
        {
          name,
          action: action.name,
          kind: "appeal",
          ...(into === undefined ? {} : { into }),
          async tighten({ round, proposal }): Promise<Tightening> {
            const because = "Whoever is affected asks for a person.";
            const { proposal: old } = parseArgs(action, round.args) as TakenBack;
            const decisions = (await assent.ledger.read(old))?.decisions ?? [];
            const excludes = partakersIn(decisions, proposal.requestedBy);
            return { route: "review", because, requires: { ...requires, excludes } };
          },
        },
        {
          seed: (state) => appeals(state as State),
          async propose(seed) {
            if (seed === null) return { proposals: [] };
            const appealed = readAppeal(name, seed);
            const held = await executedCase(assent, appealed.proposal, options.action.name);
            const shown = { requestedBy: appealed.by, context: contextOf(held, appealed), tags: ["appeal"] };
            const made = await proposeOnce(assent, action, takenBackOf(held), shown, appealId(held.proposal.id));
            return made.isOurs ? { proposals: [made.case.proposal.id] } : handOver([endOf(made.case)], into);
          },
        },
      );
    },
  };
}

const AppealedText = z.object({
  proposal: z.string().min(1).max(200),
  by: z.string().min(1).max(200),
  grounds: z.string().max(20_000),
});

function requirePossible(gate: string, { otherwise, undo, action }: AppealOptions<never>): void {
  const where = `gate ${gate}`;
  if (otherwise === "execute") {
    throw new AssentError("gate_invalid", {
      what: "An appeal on which nobody decides is not granted by that: it asks for a person",
      where,
      fix: 'Say otherwise: "hold" or "reject"',
    });
  }
  if (undo !== true || action.undo !== undefined) return;
  throw new AssentError("gate_invalid", {
    what: `Action "${action.name}" says nowhere how it is taken back`,
    where,
    fix: "Give the action an undo, or leave the gate's out",
  });
}

function readAppeal(gate: string, seed: unknown): Appealed {
  const parsed = AppealedText.safeParse(seed);
  if (parsed.success) return parsed.data;
  throw new AssentError("args_invalid", {
    what: `The appeal cannot be read: ${parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")}`,
    where: `gate ${gate}, appeals`,
    fix: "Return { proposal, by, grounds } as texts, or null",
    cause: parsed.error,
  });
}

/** How many characters of the old arguments are shown beside the appeal; the case record has all of them. */
const SHOWN_MAX = 16_000;

function contextOf({ round, outcome, decisions, proposal }: Case, { grounds, by }: Appealed) {
  const args = canonicalJson(round.args).length <= SHOWN_MAX ? round.args : `see case ${outcome?.auditId}`;
  const decidedBy = readable(decisions).map((decision) => decision.by.name);
  const old = { case: outcome?.auditId, agent: proposal.agent, args, executedAt: outcome?.at, decidedBy };
  return { appealedBy: by, grounds, old };
}

/** How an appeal ended that was made on another thread. */
function endOf({ proposal, outcome }: Case): Outcome {
  if (outcome !== null) return { ...outcome, replayed: true };
  throw new AssentError("proposal_conflict", {
    what: "The case has been appealed against on another thread, and nobody has decided on that yet",
    where: `thread ${proposal.threadId}`,
    seen: proposal.id,
    fix: "Run this thread again once it is decided; it then goes on with how that ended",
  });
}

/** What a granted appeal does: it takes the effect back, if there is a way to. */
function appealAction(assent: Assent, gate: string, { action, undo }: AppealOptions<never>): AnyAction {
  const isUndone = undo ?? action.undo !== undefined;
  return defineAction({
    name: actionName("appeal", gate),
    args: TakenBack,
    summary: ({ summary }) => `${isUndone ? "Take back" : "Grant the appeal against"}: ${summary}`,
    idempotent: action.idempotent,
    attemptsMax: action.attemptsMax,
    run: async (args, context) => (isUndone ? takeBack(assent, action, args, context) : { undone: false }),
  });
}
