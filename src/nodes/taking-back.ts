import { z } from "zod";
import { defineAction, notStarted, type RunContext } from "../model/action.js";
import { appealId, type Case } from "../model/case.js";
import { digest } from "../model/digest.js";
import { AssentError } from "../model/error.js";
import type { Outcome } from "../model/outcome.js";
import type { Permit } from "../model/permit.js";
import type { Json, Round } from "../model/proposal.js";
import { runsOf, undosOf } from "../ledger/following.js";
import type { AnyAction, Assent } from "./assent.js";
import { foundOf } from "./finding.js";

/** What is taken back, byte for byte. */
export const TakenBack = z.object({
  /** The old case. */
  proposal: z.string(),
  summary: z.string(),
  argsDigest: z.string(),
  outcomeDigest: z.string(),
});
/** What is taken back, byte for byte. */
export type TakenBack = z.infer<typeof TakenBack>;

/** What of a case is taken back, if it is. */
export function takenBackOf({ proposal, round, outcome }: Case): TakenBack {
  const { summary } = round.display;
  return { proposal: proposal.id, summary, argsDigest: round.argsDigest, outcomeDigest: digest(outcome) };
}

/**
 * The case of an effect that really happened.
 *
 * @throws AssentError `proposal_unknown`; `args_invalid` if it is of another action, or was not executed.
 */
export async function executedCase(assent: Assent, proposalId: string, action?: string): Promise<Case> {
  const held = await assent.ledger.read(proposalId);
  if (held === null) {
    throw new AssentError("proposal_unknown", { what: "There is no such case to take back", seen: proposalId });
  }
  if ((action === undefined || held.proposal.action === action) && held.outcome?.status === "executed") return held;
  throw new AssentError("args_invalid", {
    what:
      action === undefined
        ? "Only what was executed can be taken back"
        : `Only what the action "${action}" has executed can be appealed against here`,
    where: `proposal ${proposalId}`,
    seen: { action: held.proposal.action, status: held.outcome?.status ?? "open" },
  });
}

/**
 * Takes an effect back, with the key that is the same for ever. An appeal and an undo of one case never both do: each
 * looks, once it is claimed, whether the other was; of two at the same moment at least one sees the other.
 *
 * @throws AssentError `not_started` where the other has taken it back or may have, or the old case is not what was decided
 *   on: nothing has happened then.
 */
export async function takeBack(
  assent: Assent,
  action: AnyAction,
  what: TakenBack,
  context: RunContext,
): Promise<{ undone: true }> {
  let old: Awaited<ReturnType<typeof stillThere>>;
  try {
    old = await stillThere(assent, action, what, context.proposalId);
  } catch (error) {
    throw notStarted(error instanceof Error ? error.message : String(error), error);
  }
  const idempotencyKey = `undo:${old.permit?.id ?? what.proposal}`;
  await action.undo?.(old.args, old.result, { ...context, idempotencyKey });
  return { undone: true };
}

/** What is taken back, if it is what was decided on and nobody else has. */
async function stillThere(
  assent: Assent,
  action: AnyAction,
  { proposal, argsDigest, outcomeDigest }: TakenBack,
  by: string,
): Promise<{ args: Round["args"]; result: Json; permit: Permit | null }> {
  const { round, outcome, permit } = await executedCase(assent, proposal, action.name);
  if (digest(round.args) !== argsDigest || digest(outcome) !== outcomeDigest || outcome?.status !== "executed") {
    throw new AssentError("permit_mismatch", {
      what: "The old case is not what was decided on",
      where: `proposal ${proposal}`,
      fix: "Somebody changed the ledger's rows; nothing was taken back",
    });
  }
  const appealed = await assent.ledger.read(appealId(proposal));
  const byAppeal = appealed === null ? [] : await runsOf(assent.ledger, appealed);
  for (const other of [...byAppeal, ...(await undoRunsOf(assent, proposal))]) {
    const { id } = other.proposal;
    if (id !== by && (await mayHaveTakenBack(assent, other))) {
      throw new AssentError("proposal_conflict", { what: `It is taken back by ${id}, or may have been` });
    }
  }
  return { args: round.args, result: outcome.result, permit };
}

/** Every undo of a case, each followed by those that ran it again. */
async function undoRunsOf({ ledger }: Assent, proposalId: string): Promise<Case[]> {
  const runs: Case[] = [];
  for (const undo of await undosOf(ledger, proposalId)) runs.push(...(await runsOf(ledger, undo)));
  return runs;
}

/** Whether an appeal or an undo is about to take an effect back, has, or may have: unless people found that it did not. */
async function mayHaveTakenBack(assent: Assent, held: Case): Promise<boolean> {
  const { outcome, permit } = held;
  if (outcome === null) return permit?.state === "claimed";
  if (outcome.status !== "in-doubt") return outcome.status === "executed" && takesBack(outcome);
  const found = await foundOf(assent, held);
  return found !== "failed" && found !== "again";
}

/**
 * The one undo of a case that there is, be it run again: it is still to be decided on or run, it has taken the effect
 * back, or it may have. Null where another may be asked for.
 */
export async function standingUndo(assent: Assent, proposalId: string): Promise<Case | null> {
  const last = (await undoRunsOf(assent, proposalId)).at(-1);
  if (last === undefined) return null;
  if (last.outcome === null || (await mayHaveTakenBack(assent, last))) return last;
  // Whatever delivers decisions is about to open the case that runs it again.
  return last.outcome.status === "in-doubt" && (await foundOf(assent, last)) === "again" ? last : null;
}

/** Whether an appeal that was granted took anything back; some only find that somebody was right. */
function takesBack({ result }: Outcome & { status: "executed" }): boolean {
  return (result as { undone?: unknown } | null)?.undone !== false;
}

/** What the action is called that takes back what another does; null where there is no room for that. */
export function undoName(name: string): string | null {
  const undo = `undo-${name}`;
  return undo.length <= 64 ? undo : null;
}

// Made once, so that one Assent always gives the same.
const made = new WeakMap<Assent, Map<string, AnyAction>>();

/** The action that takes back what another one does, by its own name; undefined where that one says nowhere how. */
export function undoActionOf(
  assent: Assent,
  name: string,
  find: (name: string) => AnyAction | undefined,
): AnyAction | undefined {
  const of = /^undo-(.+)$/.exec(name)?.[1];
  const action = of === undefined ? undefined : find(of);
  if (action?.undo === undefined) return undefined;
  const known = made.get(assent) ?? new Map<string, AnyAction>();
  made.set(assent, known);
  const undo = known.get(name) ?? undoAction(assent, name, action);
  known.set(name, undo);
  return undo;
}

function undoAction(assent: Assent, name: string, action: AnyAction): AnyAction {
  return defineAction({
    name,
    args: TakenBack,
    summary: ({ summary }) => `Take back: ${summary}`,
    idempotent: action.idempotent,
    attemptsMax: action.attemptsMax,
    async run(args, context) {
      // Who changes the arguments when they approve could otherwise have another case taken back, beside its own undos.
      const runs = await undoRunsOf(assent, args.proposal);
      if (!runs.some(({ proposal }) => proposal.id === context.proposalId)) {
        throw notStarted("It was opened to take back another case");
      }
      return takeBack(assent, action, args, context);
    },
  });
}
