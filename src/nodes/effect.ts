import { isGraphBubbleUp } from "@langchain/langgraph";
import { canonicalJson } from "../model/canonical-json.js";
import type { Case } from "../model/case.js";
import { AssentError } from "../model/error.js";
import type { Outcome } from "../model/outcome.js";
import type { Permit } from "../model/permit.js";
import type { Json } from "../model/proposal.js";
import { oneLine } from "../model/visible-text.js";
import type { AnyAction, Assent } from "./assent.js";
import { outcomeBase } from "./deciding.js";

/** A claimed permit with everything needed to carry it out. */
export interface Claimed {
  case: Case;
  permit: Permit;
  action: AnyAction;
  args: Record<string, Json>;
  owner: string;
  /** The run's own signal. */
  signal: AbortSignal | undefined;
}

/**
 * Runs a claimed action and says how it ended. While it runs, the claim's lease is extended three times per lease;
 * when the claim is lost, `signal` aborts.
 *
 * If we die in here, the claim's lease runs out and whoever resumes the thread next takes an idempotent action over
 * with the same idempotency key; any other becomes `in-doubt`.
 */
export async function runEffect(assent: Assent, claimed: Claimed): Promise<Outcome> {
  const lost = new AbortController();
  const finished = new AbortController();
  const beating = keepClaim(assent, claimed, lost, finished.signal);
  const signals = [lost.signal, ...(claimed.signal === undefined ? [] : [claimed.signal])];
  try {
    return await attempt(assent, claimed, AbortSignal.any(signals));
  } finally {
    finished.abort(new AssentError("claim_lost", { what: "The action has ended" }));
    await beating;
  }
}

async function keepClaim(
  { ledger, clock, leaseMs }: Assent,
  { permit, owner }: Claimed,
  lost: AbortController,
  finished: AbortSignal,
): Promise<void> {
  while (!finished.aborted) {
    try {
      await clock.sleep(leaseMs / 3, finished);
      if (await ledger.extend({ permitId: permit.id, owner, leaseMs })) continue;
      lost.abort(new AssentError("claim_lost", { what: "Another worker has taken the action over", where: permit.id }));
      return;
    } catch {
      // Either the action has ended, or the ledger is away for the moment: the next beat tries again.
    }
  }
}

async function attempt(assent: Assent, claimed: Claimed, signal: AbortSignal): Promise<Outcome> {
  const { action, args, permit, case: held } = claimed;
  const context = { idempotencyKey: permit.id, signal, proposalId: held.proposal.id };
  for (let tried = 1; ; tried += 1) {
    try {
      const result: unknown = await action.run(args, context);
      const flagged = held.round.routing?.route === "flag";
      return { ...end(assent, held), status: "executed", result: resultAsJson(result), flagged };
    } catch (error) {
      if (signal.aborted || (error !== null && isGraphBubbleUp(error))) throw error;
      const notStarted = AssentError.isInstance(error, "not_started");
      const message = wordsOf(error);
      if (!action.idempotent && !notStarted) {
        const reason = `It threw, and it is not known whether it took effect: ${message}`;
        return { ...end(assent, held), status: "in-doubt", reason };
      }
      if (tried >= action.attemptsMax) {
        return { ...end(assent, held), status: "failed", reason: `It failed ${tried} times; last: ${message}` };
      }
      await assent.clock.sleep(Math.min(100 * 2 ** (tried - 1), 5_000), signal);
    }
  }
}

/** What was thrown, short enough for any log. Anything can be thrown, also what throws when it is looked at. */
function wordsOf(error: unknown): string {
  let words: string;
  try {
    words = String(error instanceof Error ? error.message : error);
  } catch {
    words = "something that cannot be shown";
  }
  return oneLine(words.slice(0, 5_000), 500);
}

function end({ clock }: Assent, held: Case): ReturnType<typeof outcomeBase> {
  return outcomeBase(held, clock.now().toISOString());
}

/** What `run` returned, as the outcome keeps it. The effect has happened, so nothing here may throw. */
function resultAsJson(result: unknown): Json {
  if (result === undefined) return null;
  try {
    return JSON.parse(canonicalJson(result)) as Json;
  } catch {
    return { unrepresentable: true };
  }
}
