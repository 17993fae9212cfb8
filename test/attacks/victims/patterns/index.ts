import { actingPatterns, asApprovalGate } from "./acting.js";
import { asAppeal } from "./appealing.js";
import { askingPatterns } from "./asking.js";
import type { Pattern, PatternName } from "./pattern.js";
import { proposingPatterns } from "./proposing.js";

/** Every pattern beside the approval gate. To add one, describe it in a file of this folder and list it there. */
export const patterns: readonly Pattern[] = [...actingPatterns, ...proposingPatterns, ...askingPatterns, asAppeal];

/** The pattern of a name. */
export function patternOf(name: PatternName): Pattern {
  return patterns.find((each) => each.name === name) ?? asApprovalGate;
}
