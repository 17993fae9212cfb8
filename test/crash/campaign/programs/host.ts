/**
 * A graph host: brings its share of the threads forward until it is asked to end, or killed. Nothing that matters is
 * kept here; whatever goes wrong, the thread is tried again.
 */
import { systemClock } from "assent";
import { openAgent, readPlan } from "../agent.js";
import { isShare, untouched } from "../beginning.js";
import { messageOf, threadOf } from "../plan.js";

/** What a host is told. */
export interface HostOrder {
  plan: string;
  url: string;
  /** Which share of the threads is its own: `share` of `shares`. One thread is run by one host at a time. */
  share: number;
  shares: number;
}

const AT_ONCE = 8;
/** How many new threads are begun before what was decided meanwhile gets its turn. */
const NEW_AT_ONCE = 8;

const { plan: planFile, url, share, shares } = JSON.parse(process.argv[2] ?? "{}") as HostOrder;
const plan = readPlan(planFile);
const stopping = new AbortController();
process.on("SIGTERM", () => stopping.abort());

const agent = await openAgent(plan, url, "hosts");
const { delivery, postgres } = agent;
/** Its own messages that no case is about yet. */
const left = async (): Promise<string[]> => (await untouched(plan, agent)).filter(isMine);
const isMine = (messageId: string): boolean => isShare(messageId, { share, shares });
const trouble = (what: string, error: unknown): void =>
  void process.stderr.write(`${what}: ${error instanceof Error ? error.message : String(error)}\n`);

/** Brings threads forward, a few at a time; gives the number that were not in the way of trouble. */
async function forward(threadIds: readonly string[]): Promise<number> {
  const queue = threadIds.values();
  let brought = 0;
  const worker = async (): Promise<void> => {
    for (const threadId of queue) {
      if (stopping.signal.aborted) return;
      try {
        await delivery.start(threadId, { messageId: messageOf(threadId) });
        brought += 1;
      } catch (error) {
        trouble(threadId, error);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return brought;
}

async function round(fresh: string[]): Promise<number> {
  const found = (await delivery.undelivered(200)).filter((threadId) => isMine(messageOf(threadId)));
  const next = found.length > 2 * NEW_AT_ONCE ? [] : fresh.splice(0, NEW_AT_ONCE).map(threadOf);
  return forward([...found, ...next]);
}

async function work(): Promise<void> {
  let fresh = await left();
  process.stdout.write("ready\n");
  while (!stopping.signal.aborted) {
    try {
      const brought = await round(fresh);
      if (brought > 0) process.stdout.write(`brought ${brought}\n`);
      // What came to trouble before it had a case would otherwise wait for the next host.
      if (fresh.length === 0) fresh = await left();
      if (brought === 0) await systemClock.sleep(50, stopping.signal).catch(() => undefined);
    } catch (error) {
      trouble("round", error);
      await systemClock.sleep(50, stopping.signal).catch(() => undefined);
    }
  }
}

await work();
await postgres.close();
