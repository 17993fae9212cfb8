import type { Fallback } from "../model/requirement.js";
import type { Review } from "../model/review.js";

/** Something that a worker did or saw. */
export type WorkerEvent =
  /** It brought a thread as far as the ledger lets it. */
  | { kind: "delivered"; threadId: string; result: "finished" | "waiting" | "new" }
  /** Somebody may be running the thread; it is looked at again. */
  | { kind: "later"; threadId: string; retryInMs: number }
  /** A deadline has passed. */
  | { kind: "expired"; reviewId: string; threadId: string; otherwise: Fallback }
  /** Four fifths of the time to decide are over; tell those who may decide. */
  | { kind: "reminder"; review: Review }
  /** A thread no longer waits for a review. */
  | { kind: "withdrawn"; reviewId: string; threadId: string; reason: string }
  /** A job threw. It is tried again, after longer each time, and every six minutes at last. */
  | { kind: "failed"; task: string; payload: unknown; attempt: number; error: unknown }
  /** A review was made somebody's, or with null nobody's again. */
  | { kind: "assigned"; reviewId: string; assignee: string | null; from: string | null }
  /** Something else went wrong; the worker goes on. */
  | { kind: "trouble"; what: string };
