import type { Assent, Case, Clock, DecideOptions, Keys } from "assent";
import { outcomeBase } from "../../../src/nodes/deciding.js";
import type { Host } from "../hosts/host.js";
import type { HostKeys } from "../hosts/keys.js";
import type { Shape } from "../shapes.js";
import { approved, type Verdict } from "../victim.js";
import { gatesFor } from "./gated-graph.js";
import type { Pattern } from "./patterns/pattern.js";
import { people } from "./people.js";

/** What a decision is made with; the reviewers' own unless said. */
export interface Means {
  reviewer?: string;
  keys?: Keys;
  clock?: Clock;
}

/** Which review, as it was shown. */
export interface Asked {
  threadId: string;
  reviewId: string;
  digest: string;
}

/** The reviewers, with what they decided. They have an Assent of their own, and only the ledger in common with graphs. */
export interface Court {
  readonly assent: Assent;
  readonly entitled: Map<string, Verdict>;
  readonly keys: HostKeys;
  readonly pattern: Pattern;
  /** The orders that may be paid, once each. */
  due(): string[];
  /** Which order a case is about. */
  orderOf(held: Case): string;
  /** One reviewer's decision on what they were shown, signed. */
  decide(asked: Asked, verdict: Verdict, means?: Means): Promise<Case>;
  /** What a reviewer rightfully does: decides; or, where it runs unless somebody objects, lets the time for that end. */
  settle(asked: Asked, verdict: Verdict): Promise<void>;
  /** A reviewer asks for another draft. */
  sendBack(asked: Asked): Promise<void>;
}

/** The reviewers of a pattern's graphs. */
export function courtFor(host: Host, shape: Shape, pattern: Pattern): Court {
  const seated = ({ keys = host.keys.deciding, clock }: Means): Assent => {
    const { assent, stages } = gatesFor({ ...host, keys, clock }, shape, pattern);
    // A gate may bring an action along, and who decides on it has to know it.
    for (const { gate, stage } of stages) gate.build(stage.gate);
    return assent;
  };
  const own = seated({});
  const at = pattern.times ?? { on: <Result>(_: string, work: () => Promise<Result>) => work() };
  const orderOf = ({ round }: Case): string => pattern.orderIn(round.args);
  const say = ({ threadId, reviewId, digest }: Asked, said: Omit<DecideOptions, "by" | "digest">, means: Means) =>
    at.on(threadId, async () => {
      const by = await people.authenticate({ id: means.reviewer ?? "ana" });
      // To build a graph's gates takes longer than to decide.
      const assent = means.keys === undefined && means.clock === undefined ? own : seated(means);
      return (await assent.reviews.decide(reviewId, { by, digest, ...said })).case;
    });
  const self: Court = {
    assent: own,
    entitled: new Map(),
    keys: host.keys,
    pattern,
    due: () => (pattern.ends === "never pays" ? [] : approved(self.entitled)),
    orderOf,
    async decide(asked, verdict, means = {}) {
      const { case: held } = await own.reviews.get(asked.reviewId);
      return say(asked, verdict === "reject" ? { decision: verdict } : pattern.yes(orderOf(held)), means);
    },
    async settle(asked, verdict) {
      const { review } = await own.reviews.get(asked.reviewId);
      // A round that somebody forged may have no window.
      if (pattern.times === undefined || review.deadlineAt === null || verdict === "reject") {
        await self.decide(asked, verdict);
      } else {
        await letWindowEnd(own, pattern.times, asked, new Date(review.deadlineAt));
      }
    },
    async sendBack(asked) {
      await say(asked, { decision: "revise", note: "One cent more." }, {});
    },
  };
  return self;
}

/** Nobody objects to this one until its window ends; every other window of the ledger stays as it is. */
async function letWindowEnd(
  { ledger, clock }: Assent,
  times: NonNullable<Pattern["times"]>,
  { reviewId, threadId }: Asked,
  end: Date,
): Promise<void> {
  const found = await ledger.review(reviewId);
  if (found === null) throw new TypeError("there is no such review");
  times.passUntil(threadId, end);
  await times.on(threadId, async () => {
    const at = clock.now().toISOString();
    // As `tick` does, but for this one alone.
    const outcome = { ...outcomeBase(found.case, at), status: "expired", reason: "Nobody decided" } as const;
    const { review } = await ledger.expire({ reviewId, outcome, next: null, at });
    if (review?.status !== "expired") throw new TypeError("the window did not end");
  });
}
