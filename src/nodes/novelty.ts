import type { Ledger } from "../ledger/ledger.js";
import { AssentError } from "../model/error.js";
import type { Novelty } from "../model/novelty.js";
import { fixRound, type Round } from "../model/proposal.js";
import { A_DURATION, durationMs, type DurationText } from "../policy/duration.js";
import type { AnyAction } from "./assent.js";

/** How {@link noveltyFrom} tells which cases are alike. */
export interface NoveltyOptions {
  /** Facts that alike cases share, such as `customer`; `action` and `agent` may be named too. */
  per: string | readonly string[];
  /** How far back it looks, as an ISO 8601 duration of 1 second to 366 days; `P365D` unless said. */
  over?: DurationText;
}

/**
 * Lets the ledger say how novel a proposal is, instead of the agent: for an action's `novelty`. It is 1 where no case
 * like it was executed within the time, and `1 / (1 + n)` after n that were: 0.5 after the first, 0.1 after the ninth.
 * A proposal without one of the facts is as novel as can be. It is recorded with the proposal's other facts, so whoever
 * routes it again reads the same, and made anew where a person or the agent changes the arguments.
 *
 * @throws AssentError `config_invalid` for names or a duration that cannot be used.
 * @example
 * ```ts
 * import { defineAction, noveltyFrom } from "assent";
 * import { z } from "zod";
 *
 * export const pay = defineAction({
 *   name: "pay",
 *   args: z.object({ to: z.string(), amount: z.number().positive() }),
 *   summary: (a) => `Pay ${a.amount} USD to ${a.to}`,
 *   facts: (a) => ({ amount: { value: a.amount, currency: "USD" }, payee: a.to }),
 *   novelty: noveltyFrom({ per: ["action", "payee"], over: "P180D" }),
 *   idempotent: true,
 *   run: async (a, { idempotencyKey }) => ({ id: `${a.to}:${idempotencyKey}` }),
 * });
 * ```
 */
export function noveltyFrom({ per, over = "P365D" }: NoveltyOptions): Novelty {
  const names: readonly unknown[] = typeof per === "string" ? [per] : per;
  if (!Array.isArray(names) || names.length === 0 || names.some((name) => typeof name !== "string" || name === "")) {
    throw new AssentError("config_invalid", {
      what: "Novelty needs the name of at least one fact that alike cases share",
      where: "per",
      seen: per,
    });
  }
  const overMs = durationMs(over);
  if (overMs !== undefined) return { per: [...new Set(names as string[])].toSorted(), overMs };
  throw new AssentError("config_invalid", { what: `Novelty looks back ${A_DURATION}`, where: "over", seen: over });
}

/**
 * A round as its action wants it: where the ledger tells how novel it is, with that in place of what anybody claimed.
 *
 * @throws AssentError what the ledger throws: without it nothing is proposed.
 */
export async function withNovelty(ledger: Ledger, action: AnyAction, proposalId: string, round: Round): Promise<Round> {
  if (action.novelty === undefined) return round;
  const { agent, facts } = round.display;
  const query = { name: "executed", of: "count", executed: true, ...action.novelty } as const;
  const known = await ledger.history({ proposalId, like: { action: action.name, agent, facts }, queries: [query] });
  const novelty = 1 / (1 + (known["executed"] ?? 0));
  return fixRound({ ...round.display, round: round.round, facts: { ...facts, novelty } });
}
