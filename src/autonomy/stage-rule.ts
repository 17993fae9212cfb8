import { AssentError } from "../model/error.js";
import { Stage } from "../model/stage.js";
import { RECENT_MAX, type StageRecord } from "./stage-record.js";

/** What a rule says about a stage: one step, and why, as a sentence for people. */
export interface StageStep {
  step: "up" | "down";
  because: string;
}

/**
 * Whether a stage should move by one step now; null leaves it. It is asked in the transaction that records a judgement,
 * so it must be quick, and always say the same about the same record.
 */
export type StageRule = (record: StageRecord) => StageStep | null;

/** A move that a rule brought about. */
interface StageMove {
  from: Stage;
  to: Stage;
  because: string;
}

/**
 * Where a rule moves a stage: one step, never past its ceiling, never below 1; null if it stays.
 *
 * @throws AssentError `config_invalid` if the rule throws.
 */
export function nextStage(record: StageRecord, rule: StageRule): StageMove | null {
  const said = saidBy(rule, record);
  if (said === null) return null;
  const { stage: from, ceiling } = record;
  const to = Stage.safeParse(from + (said.step === "up" ? 1 : -1));
  return to.success && (to.data < from || to.data <= ceiling) ? { from, to: to.data, because: said.because } : null;
}

function saidBy(rule: StageRule, record: StageRecord): StageStep | null {
  try {
    return rule(record);
  } catch (cause) {
    throw new AssentError("config_invalid", {
      what: "The stage rule threw, so the decision that it was asked about was not written",
      where: "stageRule",
      seen: record.id,
      fix: "Correct the rule, then decide again",
      cause,
    });
  }
}

/** The numbers of {@link rollingAccuracy}. */
export interface RollingAccuracyOptions {
  /** How many of the last judged cases are looked at, 1 to 100; 100 unless said. */
  window?: number;
  /** The share of right ones above which it goes up, 0 to 1; 0.95 unless said. */
  promoteAbove?: number;
  /** The number of cases judged altogether above which it may go up; 1,000 unless said. */
  judgedOver?: number;
  /** The share of right ones below which it goes down, 0 to 1; 0.85 unless said. */
  demoteBelow?: number;
}

/**
 * A rule that goes by the share of cases, among the last judged ones, in which the agent was right. No case counts for
 * two moves: only those judged since the last one are looked at. It goes up once the window is full of them, and down as
 * soon as so many were wrong that the full window could not come out right any more.
 *
 * @throws AssentError `config_invalid` for numbers that make no rule.
 *
 * @example
 * ```ts
 * import { createAssent, memoryLedger, policy, rollingAccuracy } from "assent";
 *
 * export const assent = createAssent({
 *   actions: [],
 *   ledger: memoryLedger(),
 *   policy: policy({ default: { route: "execute" } }),
 *   stageRule: rollingAccuracy({ promoteAbove: 0.98, judgedOver: 2_000 }),
 * });
 * ```
 */
export function rollingAccuracy(options: RollingAccuracyOptions = {}): StageRule {
  const { window = 100, promoteAbove = 0.95, judgedOver = 1_000, demoteBelow = 0.85 } = options;
  requireNumbers({ window, promoteAbove, judgedOver, demoteBelow });
  return ({ judged, judgedSince, recent }) => {
    const fresh = judgedSince === 0 ? [] : recent.slice(-Math.min(window, judgedSince));
    const wrong = fresh.filter((right) => !right).length;
    if ((window - wrong) / window < demoteBelow) {
      return { step: "down", because: `${wrong} of the last ${fresh.length} judged cases were wrong.` };
    }
    const right = fresh.length - wrong;
    if (fresh.length < window || judged <= judgedOver || right / window <= promoteAbove) return null;
    return { step: "up", because: `${right} of the last ${window} judged cases were right, ${judged} were judged.` };
  };
}

function requireNumbers({ window, promoteAbove, judgedOver, demoteBelow }: Required<RollingAccuracyOptions>): void {
  const isShare = (value: number): boolean => value >= 0 && value <= 1;
  const wrong =
    ((!Number.isInteger(window) || window < 1 || window > RECENT_MAX) && { window }) ||
    (!isShare(promoteAbove) && { promoteAbove }) ||
    (!isShare(demoteBelow) && { demoteBelow }) ||
    (demoteBelow > promoteAbove && { demoteBelow, promoteAbove }) ||
    (!(judgedOver >= 0) && { judgedOver });
  if (wrong === false) return;
  throw new AssentError("config_invalid", {
    what: `A rolling accuracy looks at 1 to ${RECENT_MAX} cases, and its shares lie between 0 and 1, the lower one below the higher`,
    where: "rollingAccuracy",
    seen: wrong,
  });
}
