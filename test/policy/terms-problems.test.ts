import { describe, expect, test } from "vitest";
import { AssentError } from "../../src/model/error.js";
import { parsePolicy } from "../../src/policy/parse.js";

function told(text: string): string[] {
  try {
    parsePolicy(text, { file: "p.yaml" });
    return [];
  } catch (error) {
    if (!AssentError.isInstance(error, "policy_invalid")) throw error;
    return error.message.split("\n  p.yaml:").slice(1);
  }
}

/** A policy whose default is a review with these terms, which begin in line 1, column 35. */
const review = (terms: string): string => `default: { route: review, review: ${terms} }`;
const DURATION =
  "a duration such as `PT30M`, `PT4H` or `P1D`, from 1 second to 366 days (weeks alone, or days, hours, minutes and " +
  "seconds; no months, no years, no fractions)";
const TERMS = "by, quorum, tieBreak, within, otherwise, escalateTo, window, stepUp, reasonCodes, answer, show";

describe("a wrong term says where, what was expected and what was seen", () => {
  test.each([
    [review("{}"), `1:35 $.default.review: expected at least one term (${TERMS}); seen {}`],
    [
      review("{ qorum: any }"),
      `1:37 $.default.review.qorum: expected a term of a review (${TERMS}); seen \`qorum\`: did you mean \`quorum\`?`,
    ],
    [
      review("{ quorum: majorty, by: [ { role: a } ] }"),
      "1:45 $.default.review.quorum: expected a quorum: n-of-m such as `2-of-3`, or a word (any, majority, unanimous, two-person); seen `majorty`: did you mean `majority`?",
    ],
    [
      review("{ quorum: 3-of-2 }"),
      '1:45 $.default.review.quorum: expected a quorum n-of-m where n is at most m; seen "3-of-2"',
    ],
    [
      review("{ quorum: majority }"),
      "1:45 $.default.review.quorum: expected `by` with quorum majority, to say of whom; it is missing",
    ],
    [
      review("{ quorum: two-person, by: [ { person: ana } ] }"),
      "1:45 $.default.review.quorum: expected a quorum that can be met; two-person of 1 cannot",
    ],
    [
      review("{ by: [ { rol: a } ] }"),
      "1:45 $.default.review.by[0].rol: expected whom it means (role, group, person); seen `rol`: did you mean `role`?",
    ],
    [
      review("{ by: [ { role: a, group: b } ] }"),
      '1:43 $.default.review.by[0]: expected one of role, group, person with a name; seen {"role":"a","group":"b"}',
    ],
    [
      review("{ by: [ { role: a }, { role: a } ] }"),
      '1:56 $.default.review.by[1]: expected each of those who are asked once; seen {"role":"a"}',
    ],
    [review("{ within: 4h }"), `1:45 $.default.review.within: expected ${DURATION}; seen "4h"`],
    [review("{ within: P1M }"), `1:45 $.default.review.within: expected ${DURATION}; seen "P1M"`],
    [review("{ within: P367D }"), `1:45 $.default.review.within: expected ${DURATION}; seen "P367D"`],
    [
      review("{ within: PT1H, otherwise: excalate }"),
      "1:62 $.default.review.otherwise: expected a fallback (hold, reject, escalate, execute); seen `excalate`: did you mean `escalate`?",
    ],
    [
      review("{ within: PT1H, otherwise: escalate }"),
      "1:62 $.default.review.otherwise: expected `escalateTo` with `otherwise: escalate`; it is missing",
    ],
    [
      review("{ otherwise: reject }"),
      "1:48 $.default.review.otherwise: expected `within` with `otherwise: reject`, to say when; it is missing",
    ],
    [
      review("{ escalateTo: [ { by: [ { role: a } ] } ] }"),
      "1:49 $.default.review.escalateTo: expected `otherwise: escalate` with `escalateTo`; nobody would ever be asked",
    ],
    [
      review("{ within: PT1H, otherwise: escalate, escalateTo: [ { within: PT1H } ] }"),
      "1:86 $.default.review.escalateTo[0]: expected `by` in each step; it is missing",
    ],
    [
      review(
        "{ within: PT1H, otherwise: escalate, escalateTo: [ { by: [ { role: a } ], within: PT1H, otherwise: execute } ] }",
      ),
      "1:134 $.default.review.escalateTo[0].otherwise: expected hold, reject or escalate: what nobody decided, not even those " +
        "it was escalated to, never executes",
    ],
    [
      review(
        "{ within: PT1H, otherwise: escalate, escalateTo: [ { by: [ { role: a } ], within: PT1H, otherwise: escalate } ] }",
      ),
      "1:134 $.default.review.escalateTo[0].otherwise: expected hold or reject in the last step; there is nobody left to escalate to",
    ],
    [
      review(
        "{ within: PT1H, otherwise: escalate, escalateTo: [ { by: [ { role: a } ], otherwise: hold }, { by: [ { role: b } ] } ] }",
      ),
      "1:120 $.default.review.escalateTo[0].otherwise: expected `escalate` in every step but the last one; the next step would never be reached",
    ],
    [
      review("{ within: PT1H, otherwise: escalate, escalateTo: [ { by: [ { role: a } ] }, { by: [ { role: b } ] } ] }"),
      "1:86 $.default.review.escalateTo[0]: expected `within` in this step, to say when escalate happens; it is missing",
    ],
    [
      review("{ stepUp: passky }"),
      "1:45 $.default.review.stepUp: expected a step-up (password, otp, passkey); seen `passky`: did you mean `passkey`?",
    ],
    [
      review("{ reasonCodes: [ a, a ] }"),
      '1:55 $.default.review.reasonCodes[1]: expected a reason code not yet in this list; seen "a"',
    ],
    [
      review("{ window: PT1H }"),
      "1:45 $.default.review.window: `window` means nothing for route review, which takes by, show, quorum, tieBreak, within, otherwise, escalateTo, stepUp, reasonCodes",
    ],
    [
      "default: { route: clarify, review: { within: PT1H, otherwise: execute } }",
      "1:63 $.default.review.otherwise: expected hold, reject or escalate: a question that nobody answers executes nothing",
    ],
    [
      "default: { route: veto }",
      "1:10 $.default: expected `review: { window: … }` with route veto, such as `review: { window: PT30M }`; `review` is missing",
    ],
    [
      "default: { route: veto, review: { by: [ { role: a } ] } }",
      "1:33 $.default.review: expected `review: { window: … }` with route veto, such as `review: { window: PT30M }`; it is missing",
    ],
    [
      "default: { route: flag, review: { show: [ a ] } }",
      "1:33 $.default.review: `review` means nothing for route flag, which asks nobody; leave it out",
    ],
    [
      "default: { route: clarify, review: { answer: { type: strng } } }",
      "1:54 $.default.review.answer.type: expected a JSON type (object, string, number, integer, boolean, array, null); seen `strng`: did you mean `string`?",
    ],
    [
      "default: { route: clarify, review: { answer: { type: string, pattern: (a+)+ } } }",
      "1:62 $.default.review.answer.pattern: expected a schema without regular expressions; seen `pattern`, which can take for ever to check",
    ],
    [
      "default: { route: review }\nsample: { executed: 2 }",
      "2:21 $.sample.executed: expected a share from 0 to 1; seen 2",
    ],
    [
      "default: { route: review }\nsample: {}",
      "2:9 $.sample: expected `executed` (a share from 0 to 1); it is missing",
    ],
    [
      "default: { route: review }\nsample: { executed: 0.1, for: second-lok }",
      "2:31 $.sample.for: expected what the sample is for (second-look); seen `second-lok`: did you mean `second-look`?",
    ],
  ])("%s", (text, line) => {
    expect(told(text)).toEqual([line]);
  });
});
