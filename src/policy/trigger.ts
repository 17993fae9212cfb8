import type { HistoryQuery } from "../model/facts.js";
import { comparison, ORDERINGS, type SeenIn, type Test, type Truth } from "./comparison.js";
import type { TestDocument } from "./document.js";
import { durationInWords } from "./duration.js";
import { localReader } from "./fact-row.js";
import { queryOf } from "./history.js";
import { listed, quoted } from "./quoted.js";
import { OPERATORS } from "./source.js";
import { type CumulativeDocument, LIMITS, type RateDocument, type TimeDocument } from "./triggers.js";

/** The tests of a time, given the place of the time in a row; all must hold. */
export function timeTests({ timeZone, hour, weekday }: TimeDocument, slot: number): Test[] {
  return Object.entries({ hour, weekday }).flatMap(([part, test]) => {
    if (test === undefined) return [];
    const seenIn = localReader(slot, timeZone, part as "hour" | "weekday");
    return OPERATORS.filter((operator) => (test as TestDocument)[operator] !== undefined).map((operator) =>
      comparison(`${part} (${timeZone})`, seenIn, operator, test as TestDocument),
    );
  });
}

/** The tests of a sum or a number of cases, given how it is found in a row; all must hold. */
export function historyTests(test: CumulativeDocument | RateDocument, seenIn: SeenIn): Test[] {
  const query = queryOf(test);
  return LIMITS.flatMap((operator) => {
    const limit = test[operator];
    if (limit === undefined) return [];
    return [historyTest(query, seenIn, operator, typeof limit === "number" ? limit : limit.value)];
  });
}

function historyTest(query: HistoryQuery, seenIn: SeenIn, operator: (typeof LIMITS)[number], limit: number): Test {
  const { holds, yes, no } = ORDERINGS[operator];
  const unit = query.currency === undefined ? "" : ` ${query.currency}`;
  return {
    holds(row): Truth {
      const seen = seenIn(row);
      return seen.kind === "history" ? holds(seen.total, limit) : undefined;
    },
    because(row, held) {
      const seen = seenIn(row);
      if (seen.kind !== "history") return [];
      // `is above` of a comparison, without its verb.
      const words = (held ? yes : no).replace("is ", "");
      return [`${sumInWords(query, seen.past, seen.total, seen.who())}, ${words} ${limit}${unit}`];
    },
    doubts(row) {
      const seen = seenIn(row);
      return [seen.kind === "unknown" ? seen.doubt : `${query.name} is not known`];
    },
  };
}

function sumInWords({ currency, actions, overMs }: HistoryQuery, past: number, total: number, who: string): string {
  const scope = actions === undefined ? "" : ` of ${listed(actions, quoted)}`;
  const whose = who === "" ? "" : ` for ${who}`;
  const within = `within ${durationInWords(overMs)}`;
  if (currency !== undefined) {
    const earlier = past === 0 ? "no earlier sum" : `${past} ${currency} from earlier cases`;
    return `${earlier}${scope} and this one make ${total} ${currency}${whose} ${within}`;
  }
  const earlier = past === 0 ? "no earlier case" : `${past} earlier case${past === 1 ? "" : "s"}`;
  return `${earlier}${scope} and this one make ${total}${whose} ${within}`;
}
