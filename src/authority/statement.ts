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

/** How many seats each panel had when people voted: the most that any of their statements names. */
export function seatsNamed(decisions: readonly Decision[], panels: readonly Panel[]): Seats {
  const named = readable(decisions).flatMap(({ statement }) => readStatement(statement)?.seats ?? []);
  return panels.map(({ by }) => {
    const counts = named.filter((each) => isDeepStrictEqual(each.by, by)).map(({ of }) => of);
    return counts.length === 0 ? null : Math.max(...counts);
  });
}
