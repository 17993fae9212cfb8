import { isDeepStrictEqual } from "node:util";
import { canonicalJson } from "../model/canonical-json.js";
import { DecisionStatement, readable, type Decision } from "../model/decision.js";
import type { Panel } from "../model/requirement.js";
import type { Seats } from "./votes.js";

/** Reads a decision's statement; null if it is none. One text for one statement: no key twice, nothing added. */
export function readStatement(text: string): DecisionStatement | null {
  try {
    const parsed = DecisionStatement.safeParse(JSON.parse(text));
    return parsed.success && canonicalJson(parsed.data) === text ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Whether a statement names these seats, and no others. */
export function namesSeats(statement: string, seats: DecisionStatement["seats"]): boolean {
  return isDeepStrictEqual(readStatement(statement)?.seats, seats);
}

/**
 * How many seats each panel had when the last vote was cast, as its own statement names them: by these the ledger counted
 * it. Which was the last is told by the times that are signed, so it changes nothing to put rows in another order.
 */
export function seatsNamed(decisions: readonly Decision[], panels: readonly Panel[]): Seats {
  const last = readable(decisions)
    .flatMap(({ statement }) => readStatement(statement) ?? [])
    .filter(({ seats }) => seats !== undefined)
    .reduce<DecisionStatement | null>(
      (latest, each) => (latest !== null && latest.decidedAt > each.decidedAt ? latest : each),
      null,
    );
  return panels.map(({ by }) => last?.seats?.find((each) => isDeepStrictEqual(each.by, by))?.of ?? null);
}
