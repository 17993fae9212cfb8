import { AssentError } from "../model/error.js";
import type { Facts } from "../model/facts.js";
import type { Route } from "../model/routing.js";
import type { Stage } from "../model/stage.js";

/** What one stage means. */
export interface StageRow {
  readonly stage: Stage;
  /** The share of cases, 0 to 1, that is meant to need nobody. It is for people and reports; it decides nothing. */
  readonly autonomy: number;
  /** What people do. */
  readonly people: string;
  /** Which cases need a person: all, or those beyond one of the limits and those without the fact that it is about. */
  readonly needs: "all" | { readonly confidenceBelow?: number; readonly riskAbove?: number };
  /** Where a case goes that needs a person. */
  readonly asks: "review" | "suggest";
  /** Where the others go, if the policy lets them. */
  readonly passes: "execute" | "flag";
}

/** The five stages, from 1 to 5. */
export type StageTable = readonly [StageRow, StageRow, StageRow, StageRow, StageRow];

/**
 * The five stages:
 *
 * | stage | meant to need nobody | needs a person | people |
 * | --- | --- | --- | --- |
 * | 1 | 0 % | everything; the agent only suggests | review all |
 * | 2 | 25 % | confidence below 0.7 | approve those, look at the others afterwards |
 * | 3 | 50 % | confidence below 0.7 or risk above 0.5 | approve those, monitor the others |
 * | 4 | 75 % | risk above 0.8 | approve those, see summaries |
 * | 5 | 90 % | risk above 0.8 | approve those, set policies |
 */
export const STAGE_TABLE: StageTable = [
  { stage: 1, autonomy: 0, people: "review all", needs: "all", asks: "suggest", passes: "flag" },
  {
    stage: 2,
    autonomy: 0.25,
    people: "approve what the agent is unsure about, and look at the rest afterwards",
    needs: { confidenceBelow: 0.7 },
    asks: "review",
    passes: "flag",
  },
  {
    stage: 3,
    autonomy: 0.5,
    people: "approve what is unsure or risky, and monitor the rest",
    needs: { confidenceBelow: 0.7, riskAbove: 0.5 },
    asks: "review",
    passes: "flag",
  },
  {
    stage: 4,
    autonomy: 0.75,
    people: "approve what is very risky, and see summaries",
    needs: { riskAbove: 0.8 },
    asks: "review",
    passes: "execute",
  },
  {
    stage: 5,
    autonomy: 0.9,
    people: "approve what is very risky, and set policies",
    needs: { riskAbove: 0.8 },
    asks: "review",
    passes: "execute",
  },
];

/** Where a stage sends a case, whatever the policy says; and why, as a sentence. */
export function stageRoute(table: StageTable, stage: Stage, facts: Facts): { route: Route; because: string } {
  const { needs, asks, passes } = table[stage - 1] ?? table[0];
  const reasons = needs === "all" ? ["everything"] : whyBeyond(needs, facts);
  if (reasons.length === 0) {
    const how = passes === "flag" ? "lets it pass, to be looked at afterwards" : "lets it pass";
    return { route: passes, because: `Stage ${stage} of 5 ${how}.` };
  }
  const what = asks === "suggest" ? "leaves it to a person" : "asks a person";
  return { route: asks, because: `Stage ${stage} of 5 ${what}: ${reasons.join(", ")}.` };
}

/** Which limits are passed. What is missing, or no number, is beyond every limit. */
function whyBeyond({ confidenceBelow, riskAbove }: Exclude<StageRow["needs"], "all">, facts: Facts): string[] {
  const { confidence, risk } = facts;
  const reasons: string[] = [];
  if (confidenceBelow !== undefined && !((confidence ?? Number.NaN) >= confidenceBelow)) {
    reasons.push(
      confidence === undefined ? "confidence is missing" : `confidence ${confidence} is below ${confidenceBelow}`,
    );
  }
  if (riskAbove !== undefined && !((risk ?? Number.NaN) <= riskAbove)) {
    reasons.push(risk === undefined ? "risk is missing" : `risk ${risk} is above ${riskAbove}`);
  }
  return reasons;
}

/**
 * Refuses a table that cannot be used.
 *
 * @throws AssentError `gate_invalid`.
 */
export function requireStageTable(where: string, table: StageTable): void {
  const isShare = (value: unknown): boolean => typeof value === "number" && value >= 0 && value <= 1;
  const isRow = ({ stage, autonomy, needs }: StageRow, index: number): boolean =>
    stage === index + 1 &&
    isShare(autonomy) &&
    (needs === "all" || Object.values(needs).every((limit) => limit === undefined || isShare(limit)));
  if (table.length === 5 && table.every(isRow)) return;
  throw new AssentError("gate_invalid", {
    what: "A table of stages has five rows, from stage 1 to 5, whose shares and limits lie between 0 and 1",
    where,
    seen: table,
  });
}
