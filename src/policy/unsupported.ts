/** Words that a policy may use one day, each with what to write until then. */
type Words = ReadonlyMap<string, string>;

const WHO = "leave it out: until then the gate accepts one decision from whoever may decide, without a deadline";
const REVIEW_WORDS = ["review", "by", "quorum", "stepUp", "within", "otherwise", "escalateTo", "deadline", "window"];
const reviewWords = REVIEW_WORDS.map((word): [string, string] => [word, WHO]);

/** Routes. */
export const UNSUPPORTED_ROUTES: Words = new Map([
  ["veto", "write `flag` to act and look afterwards, or `review` to ask first"],
  ["clarify", "write `review`, so that a person is asked"],
]);

/** Keys beside `rules`. */
export const UNSUPPORTED_POLICY_KEYS: Words = new Map([
  ...reviewWords,
  ["sample", "leave it out, and write a rule with route `flag` for what somebody should look at afterwards"],
]);

/** Keys of a rule and of the default. */
export const UNSUPPORTED_RULE_KEYS: Words = new Map([
  ...reviewWords,
  ["sample", "leave it out, and write route `flag` for what somebody should look at afterwards"],
]);

/** Keys of a condition. */
export const UNSUPPORTED_CONDITION_KEYS: Words = new Map([
  [
    "cumulative",
    "let the action compute the sum as a fact of its own, declare it under `facts` with type `number`, and test that",
  ],
  ["cel", "write it with operators, or let the action compute it as a fact declared under `facts`, and test that"],
]);

/** Nothing is on its way here. */
export const NONE: Words = new Map();
