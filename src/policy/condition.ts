import { comparison, type Test, type Truth } from "./comparison.js";
import type { ConditionDocument, TestDocument } from "./document.js";
import type { FactTable } from "./fact-row.js";
import { OPERATORS } from "./source.js";

/**
 * Compiles a condition that has been read. What cannot be told stays so only while the parts that can be told leave
 * it open: `any` with one part that holds holds, `all` with one that does not hold does not.
 */
export function compileCondition(document: ConditionDocument, facts: FactTable): Test {
  const parts: Test[] = [];
  for (const key of Object.keys(document)) {
    if (key === "all") parts.push(every((document.all ?? []).map((part) => compileCondition(part, facts))));
    else if (key === "any") parts.push(some((document.any ?? []).map((part) => compileCondition(part, facts))));
    else if (key === "not") parts.push(negated(compileCondition(document.not ?? {}, facts)));
    else parts.push(compileTest(key, document[key] as TestDocument, facts));
  }
  return every(parts);
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
