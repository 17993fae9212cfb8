import { UnknownInterruptError } from "@langchain/langgraph";
import type { Client } from "@langchain/langgraph-sdk";
import { z } from "zod";
import { AssentError } from "../model/error.js";
import { NEW_THREAD, threadState, type Threads, type ThreadState } from "./threads.js";

/** Options of {@link langgraphThreads}. */
export interface LanggraphThreadsOptions {
  /** Where the LangGraph server is, such as `http://127.0.0.1:2024`. */
  url: string;
  /** Sent as `x-api-key`; none unless said. */
  apiKey?: string;
  /** More headers, such as `authorization` for a server that authenticates. */
  headers?: Record<string, string>;
  /** The assistant or graph that a thread is run with. Unless said it is the one that ran it last, so a new thread needs it. */
  assistantOf?: (threadId: string) => string | Promise<string>;
}

/**
 * Threads on a LangGraph server, over its API. Runs are enqueued behind one that is on its way. Needs the package
 * `@langchain/langgraph-sdk`, which is loaded at the first call.
 *
 * @throws AssentError from its methods: `config_invalid` without that package or an assistant, `thread_failed` with what
 *   a node threw; and what `fetch` throws while the server cannot be reached.
 * @example
 * ```ts
 * import { langgraphThreads } from "assent/service";
 *
 * export const threads = langgraphThreads({ url: "http://127.0.0.1:2024" });
 * ```
 */
export function langgraphThreads(options: LanggraphThreadsOptions): Threads {
  let connecting: Promise<Client> | undefined;
  const connected = (): Promise<Client> => (connecting ??= connect(options));

  async function assistantOf(client: Client, threadId: string): Promise<string> {
    if (options.assistantOf !== undefined) return options.assistantOf(threadId);
    const { metadata } = await client.threads.get(threadId);
    const ran = metadata?.["assistant_id"] ?? metadata?.["graph_id"];
    if (typeof ran === "string") return ran;
    const [latest] = await client.runs.list(threadId, { limit: 1 });
    if (latest !== undefined) return latest.assistant_id;
    throw new AssentError("config_invalid", {
      what: "Nothing says which assistant a new thread is run with",
      where: `thread ${threadId}`,
      fix: "Give langgraphThreads an `assistantOf`",
    });
  }

  async function run(threadId: string, what: { input: Record<string, unknown> | null } | Resume): Promise<void> {
    const client = await connected();
    const assistant = await assistantOf(client, threadId);
    const ended: unknown = await client.runs.wait(threadId, assistant, {
      ...what,
      // The one that the server honours; its own option too, for versions that do.
      config: { configurable: { __pregel_strict_resume: true } },
      strictResume: true,
      multitaskStrategy: "enqueue",
      durability: "sync",
      raiseError: false,
    });
    throwIfFailed(threadId, ended);
  }

  return {
    async state(threadId) {
      return (await stateOn(await connected(), threadId)) ?? NEW_THREAD;
    },
    async start(threadId, input) {
      const client = await connected();
      await client.threads.create({ threadId, ifExists: "do_nothing" });
      await run(threadId, { input });
    },
    resume: (threadId, answers) => run(threadId, { command: { resume: answers } }),
    proceed: (threadId) => run(threadId, { input: null }),
  };
}

interface Resume {
  command: { resume: Record<string, unknown> };
}

async function connect({ url, apiKey, headers }: LanggraphThreadsOptions): Promise<Client> {
  const { Client } = await import("@langchain/langgraph-sdk").catch((cause: unknown) => {
    throw new AssentError("config_invalid", {
      what: "Threads on a LangGraph server need the package @langchain/langgraph-sdk",
      where: "langgraphThreads",
      fix: "npm install @langchain/langgraph-sdk@~1.15.0",
      cause,
    });
  });
  return new Client({
    apiUrl: url,
    apiKey: apiKey ?? null,
    // One more, for a connection that the server had let go: a worker tries again by itself, later and where it is seen.
    callerOptions: { maxRetries: 1 },
    ...(headers && { defaultHeaders: headers }),
  });
}

/** Where a thread is; undefined if the server does not know it, or has run nothing on it. */
async function stateOn(client: Client, threadId: string): Promise<ThreadState | undefined> {
  try {
    // In this order: a run that ends in between has moved the thread just now.
    const { status } = await client.threads.get(threadId);
    const { next, tasks, checkpoint, created_at: createdAt } = await client.threads.getState(threadId);
    if (typeof checkpoint?.checkpoint_id !== "string" || typeof createdAt !== "string") return undefined;
    // The server knows whether somebody is running it, so nobody has to guess it from when it moved.
    return threadState({ next, tasks, movedAt: status === "busy" ? new Date().toISOString() : createdAt });
  } catch (error) {
    if ((error as { status?: unknown }).status === 404) return undefined;
    if (UUID.test(threadId)) throw error;
    throw new AssentError("config_invalid", {
      what: "A LangGraph server names its threads by UUIDs; this one is another host's",
      where: `thread ${threadId}`,
      fix: "Have it worked for where its graph runs: all workers of a ledger reach all its threads",
      cause: error,
    });
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const Failure = z.object({ error: z.string().default("Error"), message: z.string().default("") });
const FailedRun = z.object({ __error__: Failure });

/** What a run that failed leaves in place of its values. */
function throwIfFailed(threadId: string, ended: unknown): void {
  const failed = FailedRun.safeParse(ended);
  if (!failed.success) return;
  const { error, message } = innermost(failed.data.__error__);
  if (error === "UnknownInterruptError") throw new UnknownInterruptError(message, { reason: "not_pending" });
  throw new AssentError("thread_failed", {
    what: `A run on the LangGraph server failed: ${error}: ${message}`,
    where: `thread ${threadId}`,
    fix: "The thread stays where it was; it is tried again",
  });
}

/** The server packs an error that it has packed before as the text of another one. */
function innermost(failure: z.infer<typeof Failure>): z.infer<typeof Failure> {
  let packed: unknown;
  try {
    packed = JSON.parse(failure.message);
  } catch {
    return failure;
  }
  const inner = Failure.safeParse(packed);
  return inner.success ? inner.data : failure;
}
