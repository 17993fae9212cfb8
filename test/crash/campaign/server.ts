import { readFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock, type Assent, type Principal } from "assent";
import { openPostgres } from "assent/postgres";
import { langgraphThreads, type Threads } from "assent/service";
import { checkHistory, killableProgram, seededRandom, type AcknowledgedDecision } from "assent/testing";
import { startDevServer, UNKEPT, type DevServer } from "../../e2e/dev-server.js";
import { inLines, showProblems, type Conclusion, type Surroundings } from "./conclusion.js";
import { openRefunds, type ServerOrder } from "./refunds.js";
import type { Settings } from "./settings.js";

/** The schema that the graphs for Studio keep their ledger in; to import its name would open it. */
const STUDIO_SCHEMA = "assent_studio";

const WORKERS = 2;
const AT_ONCE = 4;
const POLL_MS = 200;
/** How long nothing may go on before that is a failure; a busy machine takes its time. */
const PATIENCE_MS = 300_000;

/**
 * A LangGraph server runs the threads, and two workers bring decisions to it, one of which is killed while they do. The
 * server is not: `langgraphjs dev` promises nothing of its threads.
 */
export async function runServer({ threads: count, seed }: Settings, surroundings: Surroundings): Promise<Conclusion> {
  const { note, postgres, programs } = surroundings;
  note("server: the LangGraph server starts");
  const server = await startDevServer({
    databaseUrl: postgres.url,
    graphs: ["approval-gate"],
    environment: { ASSENT_TRUST: "verified" },
  });
  const keys = join(server.folder, ".assent/studio/keys");
  const order: ServerOrder = { url: postgres.url, serverUrl: server.url, schema: STUDIO_SCHEMA, keys };
  const args = [programs.program("server-worker"), JSON.stringify(order)];
  const workers = Array.from({ length: WORKERS }, () =>
    killableProgram({ command: process.execPath, args, ready: "ready" }),
  );
  const opened = await openPostgres({ url: postgres.url });
  try {
    await begin(server, count);
    note(`server: ${count} threads wait for a person`);
    for (const worker of workers) await worker.start();
    const { assent, people } = await openRefunds(opened, order);
    const by = await people.authenticate({ id: "ana" });
    const acknowledged = await decideAll(assent, by, seededRandom(seed));
    const unfinished = async (): Promise<number> => (await assent.ledger.undelivered({ limit: 10_000 })).length;
    // Either of them has its hands full by now.
    await untilAtMost(unfinished, Math.floor(count / 2));
    await workers[0]?.kill();
    note(`server: a worker was killed while ${await unfinished()} threads were to be resumed`);
    await workers[0]?.start();
    await untilAtMost(unfinished, 0);
    for (const worker of workers) await worker.stop();
    const threads = langgraphThreads({ url: server.url, headers: UNKEPT });
    return await judge({ assent, threads, acknowledged, server, count }, note);
  } finally {
    await Promise.allSettled(workers.map((worker) => worker.kill()));
    await opened.close();
    await server.stop();
  }
}

/** Runs every thread to where it waits for a person. */
async function begin({ client }: DevServer, count: number): Promise<void> {
  const queue = Array.from({ length: count }, (_, nth) => nth).values();
  const lane = async (): Promise<void> => {
    for (const nth of queue) {
      const { thread_id: threadId } = await client.threads.create();
      await client.runs.wait(threadId, "approval-gate", {
        input: { orderId: `A-${nth}`, amount: 75, confidence: 0.5 },
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/** Approves most, rejects some. */
async function decideAll(assent: Assent, by: Principal, random: () => number): Promise<AcknowledgedDecision[]> {
  const { items } = await assent.reviews.list({ limit: 10_000 });
  const acknowledged: AcknowledgedDecision[] = [];
  for (const { review } of items) {
    const decision = random() < 0.1 ? "reject" : "approve";
    const made = await assent.reviews.decide(review.id, { by, decision, digest: review.digest, note: "looked at" });
    acknowledged.push({ proposalId: review.proposalId, decisionId: made.decision.id });
  }
  return acknowledged;
}

/** Waits until at most so many are left, or none of them comes to its end any more. */
async function untilAtMost(countNow: () => Promise<number>, wanted: number): Promise<void> {
  let least = Number.POSITIVE_INFINITY;
  let giveUpAt = 0;
  for (;;) {
    const now = await countNow();
    if (now <= wanted) return;
    const nowMs = systemClock.now().getTime();
    if (now < least) [least, giveUpAt] = [now, nowMs + PATIENCE_MS];
    if (nowMs > giveUpAt) throw new Error(`${now} threads do not come to their end`);
    await systemClock.sleep(POLL_MS);
  }
}

interface Judged {
  assent: Assent;
  threads: Threads;
  acknowledged: AcknowledgedDecision[];
  server: DevServer;
  count: number;
}

async function judge(
  { assent, threads, acknowledged, server, count }: Judged,
  note: (line: string) => void,
): Promise<Conclusion> {
  const report = await checkHistory({ ledger: assent.ledger, effects: effectsOf(server), acknowledged, threads });
  showProblems(report.problems, note);
  const cases = await assent.ledger.cases({ afterId: "", limit: 100_000 });
  let finished = 0;
  for (const { proposal } of cases) if ((await threads.state(proposal.threadId)).status === "finished") finished += 1;
  const { approvals, effects, lostDecisions, doubleEffects, effectsWithoutDecision, stuckThreads } = report;
  const json = {
    threads: count,
    finished,
    decisions: acknowledged.length,
    approvals,
    effects,
    kills: 1,
    lostDecisions,
    doubleEffects,
    effectsWithoutDecision,
    stuckThreads,
  };
  const isAll = finished === count && acknowledged.length === count && effects === approvals;
  return { isFine: report.ok && isAll, json, text: inLines(json) };
}

/** What the graph has left of its refunds. */
function effectsOf({ folder }: DevServer): { idempotencyKey: string; what: string }[] {
  return readFileSync(join(folder, ".assent/studio/refunds.ndjson"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { idempotencyKey: string; orderId: string })
    .map(({ idempotencyKey, orderId }) => ({ idempotencyKey, what: `Refund on order ${orderId}` }));
}
