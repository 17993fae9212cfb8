import { Command, type StateSnapshot } from "@langchain/langgraph";
import type { Checkpoint, Client, Command as RemoteCommand, ThreadState } from "@langchain/langgraph-sdk";
import type { AttackedGraph, ThreadConfig } from "../victim.js";

const HISTORY_MAX = 1_000;
const POLL_MS = 10;

/** A graph that a LangGraph server runs, with the methods of a compiled one. Runs of one thread wait for each other. */
export function remoteGraph(client: Client, assistant: string): AttackedGraph {
  return {
    async invoke(input, config, { signal } = {}) {
      const { thread_id: threadId, ...place } = (config as ThreadConfig).configurable;
      const { run_id: runId } = await client.runs.create(threadId, assistant, {
        ...(input instanceof Command ? { command: overTheWire(input) } : { input }),
        // A server keeps what a run was configured with for the thread's later runs, so every place has to be said.
        config: { configurable: { checkpoint_id: null, checkpoint_ns: "", checkpoint_map: null, ...place } },
        ifNotExists: "create",
        multitaskStrategy: "enqueue",
      });
      // The server takes "wait: 0" for a yes, and may answer when it ends or never; what became of the run is seen below.
      const cancel = (): unknown => client.runs.cancel(threadId, runId).catch(() => {});
      signal?.addEventListener("abort", cancel, { once: true });
      await ended(client, threadId, runId);
    },
    async getState(config) {
      const { thread_id: threadId, ...place } = (config as ThreadConfig).configurable;
      const isPast = Object.keys(place).length > 0;
      const state = await client.threads.getState(threadId, isPast ? (place as unknown as Checkpoint) : undefined);
      return snapshotOf(state);
    },
    async *getStateHistory(config) {
      const { thread_id: threadId, ...checkpoint } = (config as ThreadConfig).configurable;
      for (const state of await client.threads.getHistory(threadId, { limit: HISTORY_MAX, checkpoint })) {
        yield snapshotOf(state);
      }
    },
    async updateState(config, values, asNode) {
      const { thread_id: threadId, ...place } = (config as ThreadConfig).configurable;
      const edit = client.threads.updateState(threadId, {
        values,
        ...(asNode === undefined ? {} : { asNode }),
        ...(Object.keys(place).length === 0 ? {} : { checkpoint: place as unknown as Checkpoint }),
      });
      const { checkpoint } = (await edit.catch(refused)) as unknown as { checkpoint: ThreadConfig["configurable"] };
      return { configurable: { ...checkpoint, thread_id: threadId } };
    },
  };
}

/** The server answers an edit that LangGraph refuses as any failure, without a reason. */
function refused(error: unknown): never {
  if (!(error instanceof Error && "status" in error && error.status === 500)) throw error;
  throw Object.assign(new Error(error.message, { cause: error }), { name: "InvalidUpdateError" });
}

function overTheWire({ resume, goto, update }: Command): RemoteCommand {
  const targets = Array.isArray(goto) ? goto : goto === undefined ? [] : [goto];
  return {
    ...(resume === undefined ? {} : { resume }),
    ...(update === undefined ? {} : { update }),
    ...(targets.length === 0
      ? {}
      : {
          goto: targets.map((target) =>
            typeof target === "string" ? target : { node: target.node, input: target.args as Record<string, unknown> },
          ),
        }),
  } as RemoteCommand;
}

/**
 * Waits until a run is over, and throws what it failed with. `runs.wait` would do, but the server lets it wait half a
 * second longer than the run takes.
 */
async function ended(client: Client, threadId: string, runId: string): Promise<void> {
  for (;;) {
    const { status } = await client.runs.get(threadId, runId);
    if (status === "success") return;
    if (status === "interrupted") throw Object.assign(new Error("The run was cancelled"), { name: "AbortError" });
    if (status === "error" || status === "timeout") break;
    await new Promise((next) => void setTimeout(next, POLL_MS));
  }
  const run: unknown = await client.runs.join(threadId, runId);
  const { __error__: failed } = run as { __error__: { error: string; message: string } };
  // The server tells it as an error around the text of another.
  const inner = inside(failed.message);
  throw Object.assign(new Error(inner?.message ?? failed.message), { name: inner?.error ?? failed.error });
}

function inside(text: string): { error: string; message: string } | null {
  try {
    return JSON.parse(text) as { error: string; message: string };
  } catch {
    return null;
  }
}

/** What a compiled graph would say of the same state: it leaves out what is not there. */
function snapshotOf(state: ThreadState): StateSnapshot {
  const { values, next, checkpoint, tasks } = state;
  return {
    values,
    next,
    config: { configurable: checkpoint ?? {} },
    tasks: tasks.map(({ id, name, error, interrupts, checkpoint: within, result }) => ({
      id,
      name,
      interrupts,
      ...(error === null ? {} : { error }),
      ...(result === null ? {} : { result }),
      ...(within === null ? {} : { state: { configurable: within } }),
    })),
  };
}
