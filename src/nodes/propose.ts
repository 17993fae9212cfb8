import { types } from "node:util";
import { getConfig } from "@langchain/langgraph";
import type { z } from "zod";
import type { Action } from "../model/action.js";
import type { Case } from "../model/case.js";
import { AssentError } from "../model/error.js";
import { Facts, type Amount, type ExtraFact } from "../model/facts.js";
import { isFollowUpThread } from "../model/follow-up.js";
import { identifier } from "../model/identifier.js";
import { fixRound, type Json } from "../model/proposal.js";
import type { Ledger } from "../ledger/ledger.js";
import type { Clock } from "../model/clock.js";
import type { Trust } from "../model/trust.js";
import { issuesOf, stableArgs } from "./arguments.js";
import { withNovelty } from "./novelty.js";
import { nodeName, runScope, type RunScope } from "./run-scope.js";

/** What an agent says about its own proposal. Facts that follow from the arguments win over these. */
export interface ProposeOptions {
  amount?: Amount;
  /** How sure the agent is, 0 to 1. */
  confidence?: number;
  /** How much harm a mistake does, 0 to 1. */
  risk?: number;
  /** How unlike earlier cases this is, 0 to 1. */
  novelty?: number;
  tags?: string[];
  /** Facts beyond the built-in ones, by the names that the policy declares. */
  facts?: Record<string, ExtraFact>;
  /** Evidence for the reviewer: conversation, sources, rationale. Shown as the agent's words, never trusted. */
  context?: unknown;
  /**
   * Names this proposal within its thread. Needed where LangGraph gives no stable task: in tools, nested runnables
   * and subgraphs. The same key gets the same proposal, whatever the model drafts the second time.
   */
  key?: string;
  /** Who proposes; the node's name unless said. */
  agent?: string;
  /** On whose behalf. */
  requestedBy?: string;
}

/** What {@link propose} needs of its surroundings. */
export interface ProposingParty {
  ledger: Ledger;
  clock: Clock;
  trust: Trust;
}

/**
 * Records a proposal in the ledger and gives the state update that hands its id to the gate.
 *
 * Safe to run again: the id depends on the thread and either the key or the task and the ordinal of the call, and the
 * first write wins. If we die after the write, the re-run node gets what was recorded.
 *
 * @throws AssentError `args_invalid`, `facts_invalid`, `json_invalid`, `json_too_deep`, `json_too_large`,
 *   `action_invalid`, `key_required`, `proposal_conflict`, `outside_node`, `thread_missing`, and what the ledger throws.
 */
export async function propose<Schema extends z.ZodObject, Result>(
  { ledger, clock, trust }: ProposingParty,
  action: Action<Schema, Result>,
  args: z.input<Schema>,
  options: ProposeOptions = {},
): Promise<{ proposals: string[] }> {
  requireReadable(options);
  const scope = currentScope(options.key);
  requireOwnThread(scope.threadId);
  // Before any await, so that concurrent calls in one node are counted in the order in which they are written.
  const id = proposalId(scope, action.name, options.key);
  const { proposal } = await record({ ledger, clock, trust }, action, args, options, { id, scope });
  if (proposal.action === action.name) return { proposals: [id] };
  throw new AssentError("proposal_conflict", {
    what: `The key is taken by a proposal of action "${proposal.action}"`,
    where: `thread ${scope.threadId}`,
    seen: { key: options.key, action: action.name },
    fix: "Use another key for another action",
  });
}

/**
 * Records a proposal under an id of its own, of which there can be only one, whatever the thread and the action: the first
 * one wins, and belongs to its thread.
 *
 * @throws AssentError as {@link propose} does.
 */
export async function proposeOnce<Schema extends z.ZodObject, Result>(
  party: ProposingParty,
  action: Action<Schema, Result>,
  args: z.input<Schema>,
  options: ProposeOptions,
  id: string,
): Promise<{ case: Case; isOurs: boolean }> {
  requireReadable(options);
  const scope = currentScope(id);
  requireOwnThread(scope.threadId);
  const held = await record(party, action, args, options, { id, scope });
  const { threadId, action: recorded } = held.proposal;
  return { case: held, isOurs: threadId === scope.threadId && recorded === action.name };
}

async function record<Schema extends z.ZodObject, Result>(
  { ledger, clock, trust }: ProposingParty,
  action: Action<Schema, Result>,
  args: z.input<Schema>,
  options: ProposeOptions,
  { id, scope }: { id: string; scope: RunScope },
): Promise<Case> {
  const parsed = stableArgs(action, args);
  const { amount, confidence, risk, novelty, tags, facts } = options;
  const fixed = fixRound({
    round: 1,
    action: action.name,
    args: parsed as Record<string, Json>,
    agent: options.agent ?? scope.node,
    requestedBy: options.requestedBy ?? null,
    facts: gatherFacts(action, parsed, { ...facts, amount, confidence, risk, novelty, tags }),
    summary: action.summary(parsed),
    context: (options.context ?? null) as Json,
  });
  const round = await withNovelty(ledger, action, id, fixed);
  return ledger.propose({
    proposal: {
      id,
      threadId: scope.threadId,
      action: action.name,
      agent: round.display.agent,
      requestedBy: round.display.requestedBy,
      trust,
      proposedAt: clock.now().toISOString(),
    },
    round,
  });
}

/** The facts that the policy reads: the claimed ones, under those that follow from the arguments. */
export function gatherFacts<Schema extends z.ZodObject, Result>(
  action: Action<Schema, Result>,
  args: z.output<Schema>,
  claimed: Facts,
): Facts {
  const gathered = Object.entries({ ...claimed, ...action.facts?.(args) }).filter(([, value]) => value !== undefined);
  const parsed = parseFacts(action.name, Object.fromEntries(gathered));
  if (parsed.success) return parsed.data;
  throw new AssentError("facts_invalid", {
    what: `The facts of the proposal "${action.name}" cannot be used: ${issuesOf(parsed.error)}`,
    where: `facts.${parsed.error.issues[0]?.path.join(".") ?? ""}`,
    seen: Object.fromEntries(gathered),
    fix: "confidence, risk and novelty are finite numbers from 0 to 1; amount is { value, currency }",
    cause: parsed.error,
  });
}

function parseFacts(action: string, facts: Record<string, unknown>): z.ZodSafeParseResult<Facts> {
  try {
    const parsed = Facts.safeParse(facts);
    // Zod writes its complaints when they are first read, and looks at the value again to do so.
    void parsed.error;
    return parsed;
  } catch (cause) {
    throw new AssentError("facts_invalid", {
      what: `The facts of the proposal "${action}" throw when they are read`,
      where: "facts",
      fix: "Pass plain data",
      cause,
    });
  }
}

/** What a model drafted may stand here, so the types are not enough. */
function requireReadable({ agent, requestedBy, key, facts }: ProposeOptions): void {
  for (const [where, text] of Object.entries<unknown>({ agent, requestedBy, key })) {
    if (text === undefined || text === null || typeof text === "string") continue;
    throw new AssentError("json_invalid", { what: `A proposal's ${where} is a text`, where, seen: typeof text });
  }
  if (facts === undefined || isPlainObject(facts)) return;
  throw new AssentError("facts_invalid", {
    what: "The facts of a proposal are a plain object of names and values",
    where: "facts",
    seen: typeof facts,
  });
}

/** A thread of Assent's own is no place for proposals: what it is to run is not theirs. */
function requireOwnThread(threadId: string): void {
  if (!isFollowUpThread(threadId)) return;
  throw new AssentError("thread_missing", {
    what: `A thread whose id begins with "after/" stands for what follows on a case, and nobody proposes on it`,
    where: "configurable.thread_id",
    seen: threadId,
    fix: "Run the graph on a thread with another id",
  });
}

function isPlainObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.values(Object.getOwnPropertyDescriptors(value)).every((property) => "value" in property);
}

function currentScope(key: string | undefined): RunScope {
  const config = getConfig() as ReturnType<typeof getConfig> | undefined;
  if (config === undefined) {
    throw new AssentError("outside_node", {
      what: "propose() was called outside a LangGraph node",
      fix: "Call it inside a node of the graph, before anything that leaves the node's async context",
    });
  }
  const nested = config.executionInfo === undefined || config.executionInfo.checkpointNs.includes("|");
  if (nested && key === undefined) {
    throw new AssentError("key_required", {
      what: "Here LangGraph gives no task that is the same after a retry (a tool, a nested runnable or a subgraph)",
      where: nodeName(config),
      fix: "Pass { key } with a name that is the same whenever this very proposal is made again, such as the order's id",
    });
  }
  if (config.executionInfo !== undefined) return runScope(config);
  const threadId: unknown = config.configurable?.["thread_id"];
  return runScope({
    ...config,
    executionInfo: { threadId: threadId as string, taskId: "", checkpointNs: "", checkpointId: "", nodeAttempt: 1 },
  });
}

// How often each action was proposed in one execution of a node. A retry is a new execution and counts from one.
const ordinals = new WeakMap<object, Map<string, number>>();

function proposalId(scope: RunScope, action: string, key: string | undefined): string {
  if (key !== undefined) return identifier("proposal", [scope.threadId, "key", key]);
  const counts = ordinals.get(scope.execution) ?? new Map<string, number>();
  ordinals.set(scope.execution, counts);
  const ordinal = (counts.get(action) ?? 0) + 1;
  counts.set(action, ordinal);
  return identifier("proposal", [scope.threadId, "task", scope.taskId, action, ordinal]);
}
