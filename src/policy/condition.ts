import { celTest } from "./cel.js";
import { comparison, type Test, type Truth } from "./comparison.js";
import type { ConditionDocument, TestDocument } from "./document.js";
import type { FactTable, ReadFact } from "./fact-row.js";
import { queryOf } from "./history.js";
import { OPERATORS } from "./source.js";
import { historyTests, timeTests } from "./trigger.js";
import type { CumulativeDocument, RateDocument } from "./triggers.js";

/**
 * Compiles a condition that has been read. What cannot be told stays so only while the parts that can be told leave
 * it open: `any` with one part that holds holds, `all` with one that does not hold does not.
 */
export function compileCondition(document: ConditionDocument, facts: FactTable): Test {
  return every(Object.keys(document).map((key) => compilePart(key, document, facts)));
}

function compilePart(key: string, document: ConditionDocument, facts: FactTable): Test {
  if (key === "all") return every((document.all ?? []).map((part) => compileCondition(part, facts)));
  if (key === "any") return some((document.any ?? []).map((part) => compileCondition(part, facts)));
  if (key === "not") return negated(compileCondition(document.not ?? {}, facts));
  const { time, cumulative, rate, cel } = document;
  if (key === "time" && time !== undefined) return every(timeTests(time, facts.timeSlot(time.timeZone)));
  if (key === "cumulative" && cumulative !== undefined) return compileHistory(cumulative, facts);
  if (key === "rate" && rate !== undefined) return compileHistory(rate, facts);
  if (key === "cel" && cel !== undefined) return celTest(cel, facts);
  return compileTest(key, document[key] as TestDocument, facts);
}

function compileHistory(test: CumulativeDocument | RateDocument, facts: FactTable): Test {
  const query = queryOf(test);
  const slot = facts.historySlot(query);
  const unknown: ReadFact = { kind: "unknown", doubt: `${query.name} is not known` };
  return every(historyTests(test, (row) => row[slot] ?? unknown));
}

function compileTest(fact: string, test: TestDocument, facts: FactTable): Test {
  const slot = facts.slotOf(fact);
  const operators = OPERATORS.filter((operator) => test[operator] !== undefined);
  return every(operators.map((operator) => comparison(fact, slot, operator, test)));
}

function every(parts: readonly Test[]): Test {
  return joined(parts, true);
}

function some(parts: readonly Test[]): Test {
  return joined(parts, false);
}

// `all` is settled by one part that does not hold, `any` by one that does; otherwise the two are the same.
function joined(parts: readonly Test[], open: boolean): Test {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return {
    holds(row) {
      let truth: Truth = open;
      for (const part of parts) {
        const holds = part.holds(row);
        if (holds === undefined) truth = undefined;
        else if (holds !== open) return !open;
      }
      return truth;
    },
    because(row, held) {
      const reasons: string[] = [];
      for (const part of parts) if (part.holds(row) === held) reasons.push(...part.because(row, held));
      return reasons;
    },
    doubts(row) {
      const doubts: string[] = [];
      for (const part of parts) if (part.holds(row) === undefined) doubts.push(...part.doubts(row));
      return doubts;
    },
  };
}

function negated(part: Test): Test {
  return {
    holds(row) {
      const holds = part.holds(row);
      return holds === undefined ? undefined : !holds;
    },
    because: (row, held) => part.because(row, !held),
    doubts: (row) => part.doubts(row),
  };
}
