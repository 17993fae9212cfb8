import * as fc from "fast-check";
import { type Route, ROUTES } from "../../src/model/routing.js";
import type { ReviewTerms } from "../../src/policy/review-terms.js";

const people = fc.subarray([{ role: "clerk" }, { role: "boss" }, { group: "desk" }, { person: "ana" }], {
  minLength: 1,
});
const names = fc.subarray(["fraud", "error", "other"], { minLength: 1 });
const show = fc.subarray(["mail", "order"], { minLength: 1 });
const within = fc.constantFrom("PT1H", "PT90M", "P1D");

const patience: fc.Arbitrary<object> = fc.oneof(
  fc.constant({}),
  fc.record({ within }, { noNullPrototype: true }),
  fc.record({ within, otherwise: fc.constantFrom("hold", "reject") }, { noNullPrototype: true }),
  fc.tuple(within, people, fc.constantFrom("hold", "reject")).map(([time, by, otherwise]) => ({
    within: time,
    otherwise: "escalate",
    escalateTo: [{ by, within: "PT2H", otherwise }],
  })),
);
const executing = fc.record({ within, otherwise: fc.constant("execute") }, { noNullPrototype: true });

const some = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> =>
  fc.record(fields, { requiredKeys: [], noNullPrototype: true });
const both = (a: fc.Arbitrary<object>, b: fc.Arbitrary<object>): fc.Arbitrary<object> =>
  fc.tuple(a, b).map(([one, other]): object => ({ ...one, ...other }));

const TERMS: Partial<Record<Route, fc.Arbitrary<object>>> = {
  veto: fc.record(
    { window: fc.constantFrom("PT30M", "PT2H"), by: people, reasonCodes: names, show },
    { requiredKeys: ["window"], noNullPrototype: true },
  ),
  clarify: both(some({ by: people, show, answer: fc.constantFrom({ type: "string" }, { type: "boolean" }) }), patience),
  review: both(
    fc.oneof(
      some({ by: people, reasonCodes: names, show, stepUp: fc.constantFrom("otp", "passkey", "password") }),
      fc.record(
        {
          by: people,
          quorum: fc.constantFrom("majority", "1-of-3", "any"),
          tieBreak: fc.constantFrom("senior", "majority"),
        },
        { noNullPrototype: true },
      ),
    ),
    fc.oneof(patience, executing),
  ),
  suggest: some({ by: people, show }),
};

/** A route with terms that it takes, often none. */
export const arbitraryRouted: fc.Arbitrary<{ route: Route; review?: ReviewTerms }> = fc
  .constantFrom(...ROUTES)
  .chain((route) => {
    const terms = TERMS[route];
    if (terms === undefined) return fc.constant({ route });
    const routed = terms
      .filter((review) => Object.keys(review).length > 0)
      .map((review) => ({ route, review: review as ReviewTerms }));
    return route === "veto" ? routed : fc.oneof(fc.constant({ route }), routed);
  });
