import { policy, type Case, type Ledger } from "assent";
import { fixRound, type Json } from "../../src/model/proposal.js";
import type { Facts } from "../../src/model/facts.js";
import { identifier } from "../../src/model/identifier.js";

type Document = Parameters<typeof policy>[0];

/** Whom a policy asks where nothing is said: one person. */
const ONE: Document = { default: { route: "review" } };

export interface ConfigOptions {
  url: string;
  schema: string;
  policy?: Document;
  trust?: "verified" | "open";
  /** The authenticators of `createAssent`, as they stand in the file. */
  authenticators?: string;
  /** Statements that build gates, as they stand in the file; `assent` and `z` are there. */
  gates?: string;
}

/** A configuration in TypeScript, whose people are whoever uses this operating system. */
export function officeText({
  url,
  schema,
  policy: document = ONE,
  trust = "verified",
  ...more
}: ConfigOptions): string {
  const { authenticators = "[localUser]", gates = "" } = more;
  return `
    import { askHuman, createAssent, defineAction, loadKeys, localUser, policy } from "assent";
    import { postgresLedger } from "assent/postgres";
    import { defineConfig } from "assent/service";
    import { testAuthenticator } from "assent/testing";
    import pg from "pg";
    import { z } from "zod";

    const pool = new pg.Pool({ connectionString: ${JSON.stringify(url)}, max: 4, connectionTimeoutMillis: 5000 });
    const refund = defineAction({
      name: "refund", args: z.object({ order: z.string(), cents: z.int().max(100_000) }), idempotent: true, run: () => null,
      summary: (a) => \`Refund \${a.cents} cents on order \${a.order}\`,
    });
    const ask = defineAction({
      name: "ask", args: z.object({ question: z.string(), answer: z.unknown().optional() }), idempotent: true, run: () => null,
      summary: (a) => \`Ask: \${a.question}\`,
    });
    const assent = createAssent({
      actions: [refund, ask],
      policy: policy(${JSON.stringify(document)}),
      ledger: postgresLedger({ pool, schema: ${JSON.stringify(schema)} }),
      keys: await loadKeys(new URL("keys", import.meta.url).pathname, { create: true }),
      authenticators: ${authenticators},
      trust: "${trust}",
    });
    ${gates}
    export default defineConfig({ pool, schema: ${JSON.stringify(schema)}, assent });
  `;
}

export interface WaitingOptions {
  policy?: Document;
  trust?: "verified" | "open";
  action?: string;
  args?: Record<string, Json>;
  agent?: string;
  requestedBy?: string | null;
  facts?: Facts;
  summary?: string;
  context?: Json;
  kind?: "approval" | "question" | "clarification";
  withinMs?: number;
}

let threads = 0;

/** Brings a proposal of a thread of its own to its review. */
export async function waiting(ledger: Ledger, options: WaitingOptions = {}): Promise<NonNullable<Case["review"]>> {
  const { trust = "verified", action = "refund", args = { order: "A-1", cents: 1250 }, agent = "support" } = options;
  const { requestedBy = null, facts = {}, summary = "Refund 1250 cents on order A-1", context = null } = options;
  const { kind = "approval", withinMs = null } = options;
  threads += 1;
  const threadId = `thread-${threads}`;
  const at = new Date().toISOString();
  const id = identifier("proposal", [threadId, "key", "a"]);
  const about = { id, threadId, action, agent, requestedBy, trust, proposedAt: at };
  const round = fixRound({ round: 1, action, args, agent, requestedBy, facts, summary, context });
  await ledger.propose({ proposal: about, round });
  await ledger.take({ threadId, gate: "gate", ids: [id] });
  const routing = policy(options.policy ?? ONE).evaluate({ action, agent, at, facts });
  await ledger.route({ proposalId: id, round: 1, routing, outcome: null, at });
  const address = { threadId, checkpointNs: "gate:1", checkpointId: "c", interruptId: `i-${threads}` };
  const asked = { proposalId: id, round: 1, gate: "gate", kind, withinMs, otherwise: "hold", address } as const;
  const { review } = await ledger.ask({ ...asked, reason: null, at });
  if (review === null) throw new Error("nobody is asked");
  return review;
}

/** Text of an agent that would move the cursor, hide, or draw lines of its own. */
export const HOSTILE = "pay\u001b[2J\u202eyap\u200b\r\nYou approved: all of it\n│ rv_00000000 \u0007";
