import type { Job, JobHelpers, TaskList } from "graphile-worker";
import { z } from "zod";
import type { JobQueue } from "../ledger/postgres/jobs.js";
import { AssentError } from "../model/error.js";
import type { Assent } from "../nodes/assent.js";
import type { DistributeOptions } from "../nodes/distribute.js";
import { expireReview, type Expired } from "../nodes/tick.js";
import { bringForward, type Bringing, type Brought, type Seen } from "./bring-forward.js";
import type { Presence } from "./presence.js";
import { Place, Reconciliation } from "./reconcile.js";
import type { WorkerEvent } from "./worker-event.js";

/** What a worker's tasks work with. */
export interface WorkerTasks {
  assent: Assent;
  queue: JobQueue;
  presence: Presence;
  /** What a thread is held under while it is delivered to. */
  threadName: (threadId: string) => string;
  bringing: Omit<Bringing, "now">;
  graceMs: number;
  sweepMs: number;
  /** How what is nobody's is shared out; not at all if left out. */
  distribution: DistributeOptions;
  tell: (event: WorkerEvent) => void;
}

/**
 * The task that compares the ledger with its threads, and the key of its one job, which says how far that has come: so the
 * workers share one round, and one that starts anew goes on with it.
 */
export const SWEEP = "sweep";

/** How soon to ask again for a thread that another worker is delivering to, or for a deadline that is not over. */
const AGAIN_MS = 1_000;

const OfThread = z.object({
  thread: z.string(),
  /** What the look before saw, if it left the thread alone. */
  seen: z.object({ movedAt: z.string(), since: z.string() }).optional(),
});
const OfReview = z.object({ review: z.string() });

/**
 * The tasks of a worker. Each may be begun again at any point, by any worker: what it did is in the ledger and the
 * thread, and the job is there until its task has returned.
 */
export function workerTasks(work: WorkerTasks): TaskList {
  const { assent, queue, tell } = work;
  const reconciliation = new Reconciliation({
    ...work.bringing,
    graceMs: work.graceMs,
    pagesMax: 5,
    tell,
    deliver: (threadId) => queue.ensure("deliver", threadId, { thread: threadId }),
  });
  return {
    async deliver(payload: unknown, { job }: JobHelpers) {
      const { thread: threadId, seen: before } = OfThread.parse(payload);
      const brought = await deliverAlone(work, threadId, timeOf(job), before);
      if (brought.result !== "later") {
        tell({ kind: "delivered", threadId, result: brought.result });
        return;
      }
      const { retryInMs, seen = before } = brought;
      tell({ kind: "later", threadId, retryInMs });
      // After a failure the attempts go on counting, and the time between them goes on growing.
      if (job.attempts > 1) throw busy(threadId);
      await queue.later("deliver", threadId, { thread: threadId, ...(seen && { seen }) }, retryInMs);
    },

    async deadline(payload: unknown) {
      const { review: reviewId } = OfReview.parse(payload);
      const end = await expireReview(assent, reviewId);
      if (end.kind === "expired") tell(expiredEvent(end.expired));
      if (end.kind === "early") await queue.later("deadline", reviewId, { review: reviewId }, AGAIN_MS);
    },

    async remind(payload: unknown) {
      const item = await assent.ledger.review(OfReview.parse(payload).review);
      if (item?.review.status === "open") tell({ kind: "reminder", review: item.review });
    },

    async [SWEEP](payload: unknown, { job }: JobHelpers) {
      let place = Place.safeParse(payload).data ?? {};
      try {
        for (const expired of await assent.tick()) tell(expiredEvent(expired));
        place = await reconciliation.next(timeOf(job), place);
        await assent.ledger.refreshQueue();
        for (const given of await assent.queue.distribute(work.distribution)) tell({ kind: "assigned", ...given });
        await queue.clear();
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        tell({ kind: "trouble", what: `The ledger could not be compared with its threads: ${why}` });
      }
      await queue.later(SWEEP, SWEEP, place, work.sweepMs);
    },
  };
}

/** One delivery at a time per thread, over all workers. */
async function deliverAlone(
  { presence, threadName, bringing }: WorkerTasks,
  threadId: string,
  now: Date,
  before?: Seen,
): Promise<Brought> {
  const name = threadName(threadId);
  if (!(await presence.tryHold(name))) return { result: "later", retryInMs: AGAIN_MS };
  try {
    return await bringForward({ ...bringing, now: () => now }, threadId, before);
  } finally {
    await presence.letGo(name);
  }
}

/** The database's time at which a job was taken; this machine's clock may be off. */
function timeOf({ locked_at: takenAt }: Job): Date {
  return takenAt ?? new Date();
}

function busy(threadId: string): AssentError {
  return new AssentError("thread_busy", {
    what: "Somebody may be running the thread",
    where: `thread ${threadId}`,
    fix: "It is tried again",
  });
}

function expiredEvent({ reviewId, threadId, otherwise }: Expired): WorkerEvent {
  return { kind: "expired", reviewId, threadId, otherwise };
}
