import { randomUUID } from "node:crypto";
import { emptyCheckpoint } from "@langchain/langgraph";
import type { Ledger } from "../ledger/ledger.js";
import { isFollowUpThread } from "../model/follow-up.js";
import type { AssentConfig } from "../service/config.js";
import { saverOf, type AnyCompiledGraph } from "../service/local-threads.js";
import type { Threads } from "../service/threads.js";
import type { ConfigFinding } from "./config-finding.js";
import { wordsOf } from "./load-module.js";
import { counted } from "./page.js";

/** Of how many open reviews, oldest first, and of how many proposals without one the threads are looked at. */
const LOOKED_AT_MAX = 200;

/** How many threads are looked at where each look is a request. */
const REACHED_MAX = 50;

/** What LangGraph writes here: the version of the format, not of the package. */
const VERSION_HERE = emptyCheckpoint().v;

/** The threads that somebody or something is waited for on. */
interface WaitingThreads {
  /** Threads of open reviews. A worker that finds nothing of one withdraws its review. */
  asked: ReadonlySet<string>;
  /** These, and threads that something may have to be brought to. */
  all: ReadonlySet<string>;
}

/**
 * Whether what holds the threads of a configuration answers; whether the threads that are waited on are there, and their
 * checkpoints of a version that the LangGraph of this process knows.
 */
export async function checkThreads({ assent, graphs = {}, threads }: AssentConfig): Promise<ConfigFinding[]> {
  const waiting = await waitingThreads(assent.ledger);
  if (threads !== undefined) return [...(await reached(threads, waiting)), ...(await kept(graphs, waiting)).found];
  const { found, seen } = await kept(graphs, waiting);
  // What could not be read was told, and may be there.
  if (seen === null || Object.keys(graphs).length === 0) return found;
  return [...found, ...missing([...waiting.asked], seen)];
}

/** What is found where threads are reached as the configuration says, and not in graphs of its own. */
async function reached(threads: Threads, { asked }: WaitingThreads): Promise<ConfigFinding[]> {
  try {
    // A thread that nobody has: what is asked is whether there is an answer.
    await threads.state(randomUUID());
  } catch (error) {
    const fix = "Check the address and the key that it is given, and that it is up.";
    return [{ name: "threads-unreachable", severity: "error", where: "threads", what: wordsOf(error), fix }];
  }
  const looked = [...asked].slice(0, REACHED_MAX);
  const [seen, strange] = [new Set<string>(), new Map<string, unknown>()];
  for (const threadId of looked) {
    try {
      if ((await threads.state(threadId)).status !== "new") seen.add(threadId);
    } catch (error) {
      strange.set(threadId, error);
    }
  }
  const rest = looked.filter((threadId) => !strange.has(threadId));
  return [...unreadableThreads(strange, looked.length), ...missing(rest, seen)];
}

function unreadableThreads(strange: ReadonlyMap<string, unknown>, looked: number): ConfigFinding[] {
  const [first] = strange;
  if (first === undefined) return [];
  const [threadId, error] = first;
  return [
    {
      name: "threads-unreadable",
      severity: "warning",
      where: "threads",
      what: `${strange.size} of ${counted(looked, "thread")} with open reviews cannot be looked at, such as ${threadId}: ${wordsOf(error)}`,
      fix: "Where are they run? All workers of a ledger have to reach all its threads.",
    },
  ];
}

/** What is found in the checkpointers of these graphs, and which threads they have; null if one cannot be read. */
async function kept(
  graphs: NonNullable<AssentConfig["graphs"]>,
  { all }: WaitingThreads,
): Promise<{ found: ConfigFinding[]; seen: ReadonlySet<string> | null }> {
  const found: ConfigFinding[] = [];
  const seen = new Set<string>();
  let isReadable = true;
  for (const [name, graph] of Object.entries(graphs)) {
    const versions = await versionsOf(graph, all, `graph ${name}`);
    if (versions instanceof Map) {
      for (const threadId of versions.keys()) seen.add(threadId);
      found.push(...versionFindings(versions, `graph ${name}`));
    } else {
      isReadable = false;
      found.push(versions);
    }
  }
  return { found, seen: isReadable ? seen : null };
}

async function waitingThreads(ledger: Ledger): Promise<WaitingThreads> {
  try {
    const open = await ledger.reviews({ status: "open", limit: LOOKED_AT_MAX });
    const left = await ledger.undelivered({ limit: LOOKED_AT_MAX });
    const asked = open.map(({ review }) => review.address.threadId).filter((id) => !isFollowUpThread(id));
    const others = left.map(({ threadId }) => threadId).filter((id) => !isFollowUpThread(id));
    return { asked: new Set(asked), all: new Set([...asked, ...others]) };
  } catch {
    // Told where the database was looked at.
    return { asked: new Set(), all: new Set() };
  }
}

/** The version of the newest checkpoint of each of these threads that this graph's checkpointer has. */
async function versionsOf(
  graph: AnyCompiledGraph,
  threadIds: ReadonlySet<string>,
  where: string,
): Promise<Map<string, number> | ConfigFinding> {
  const versions = new Map<string, number>();
  const saver = saverOf(graph);
  if (saver === null) return versions;
  const read = (threadId: string) => saver.getTuple({ configurable: { thread_id: threadId } });
  try {
    // A thread that nobody has: what is asked is whether the tables are there.
    await read("assent-doctor");
  } catch (error) {
    const fix = "Run the checkpointer's setup() once when you deploy, and check its connection.";
    return unreadable(where, `Its checkpoints cannot be read: ${wordsOf(error)}`, fix);
  }
  for (const threadId of threadIds) {
    try {
      const tuple = await read(threadId);
      if (tuple !== undefined) versions.set(threadId, tuple.checkpoint.v);
    } catch (error) {
      const fix = "Look at that thread; the packages of LangGraph here may be older than what wrote it.";
      return unreadable(where, `The checkpoint of thread ${threadId} cannot be read: ${wordsOf(error)}`, fix);
    }
  }
  return versions;
}

function unreadable(where: string, what: string, fix: string): ConfigFinding {
  return { name: "checkpoints-unreadable", severity: "error", where, what, fix };
}

function versionFindings(versions: ReadonlyMap<string, number>, where: string): ConfigFinding[] {
  const found: ConfigFinding[] = [];
  const all = [...versions];
  const newer = all.filter(([, version]) => version > VERSION_HERE);
  const older = all.filter(([, version]) => version < VERSION_HERE);
  if (newer.length > 0) {
    const what = `${told(newer)}: a newer LangGraph wrote them. The one here writes version ${VERSION_HERE} and may read them wrongly.`;
    const fix = "Bring LangGraph's packages here to the versions of who wrote them; workers and graph hosts alike.";
    found.push({ name: "checkpoints-newer", severity: "error", where, what, fix });
  }
  if (older.length > 0) {
    const what = `${told(older)}: an older LangGraph wrote them. The one here writes version ${VERSION_HERE} and converts them as it reads them.`;
    const fix = "Nothing has to be done. If such a thread does not go on after its decision, run it anew.";
    found.push({ name: "checkpoints-older", severity: "note", where, what, fix });
  }
  return found;
}

/** How many threads wait at checkpoints of which versions, and one of them. */
function told(threads: readonly (readonly [string, number])[]): string {
  const versions = [...new Set(threads.map(([, version]) => version))].toSorted((a, b) => a - b).join(", ");
  const [first] = threads[0] ?? [""];
  return `${counted(threads.length, "waiting thread")}, such as ${first}, with checkpoints of version ${versions}`;
}

/** That threads with open reviews are not there, if any is not. */
function missing(asked: readonly string[], seen: ReadonlySet<string>): ConfigFinding[] {
  const unseen = asked.filter((threadId) => !seen.has(threadId));
  if (unseen.length === 0) return [];
  return [
    {
      name: "checkpoints-missing",
      severity: "warning",
      where: "threads",
      what: `${unseen.length} of ${counted(asked.length, "thread")} with open reviews that were looked at, such as ${unseen[0] ?? ""}: nothing is kept of them here.`,
      fix: "Check the server, or the checkpointers' databases and schemas, before a worker runs: it withdraws reviews whose threads are gone.",
    },
  ];
}
