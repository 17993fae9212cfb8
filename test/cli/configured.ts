import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";

/** A folder of somebody who has Assent and tsx installed. */
export interface Project {
  folder: string;
  write(name: string, text: string): void;
  remove(): void;
}

export function openProject(): Project {
  const folder = mkdtempSync(join(tmpdir(), "assent-configured-"));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  symlinkSync(inject("installedModules"), join(folder, "node_modules"));
  write("package.json", JSON.stringify({ type: "module" }));
  return { folder, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A configuration in TypeScript for one gated graph on a schema. What `more` says is added to `defineConfig`. */
export function configText(url: string, schema: string, more = ""): string {
  return `
    import { START, StateGraph } from "@langchain/langgraph";
    import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
    import { AssentState, addGate, approvalGate, createAssent, defineAction, loadKeys, policy } from "assent";
    import { postgresLedger } from "assent/postgres";
    import { defineConfig } from "assent/service";
    import { testAuthenticator } from "assent/testing";
    import pg from "pg";
    import { z } from "zod";

    enum Only { Compiled } // what only a compiler can take away
    const schema: string = ${JSON.stringify(schema)};
    const pool = new pg.Pool({ connectionString: ${JSON.stringify(url)}, max: 10 });
    const pay = defineAction({
      name: "pay", args: z.object({}), summary: () => "Pay", idempotent: true, run: () => Only.Compiled,
    });
    export const people = testAuthenticator();
    export const assent = createAssent({
      actions: [pay],
      policy: policy({ default: { route: "review" } }),
      ledger: postgresLedger({ pool, schema }),
      keys: await loadKeys(new URL("keys", import.meta.url).pathname, { create: true }),
      authenticators: [people],
      trust: "verified",
    });
    const checkpointer = new PostgresSaver(pool, undefined, { schema });
    const agent = () => assent.propose(pay, {});
    export const graph = addGate(new StateGraph(AssentState).addNode("agent", agent), "gate", approvalGate(assent))
      .addEdge(START, "agent")
      .addEdge("agent", "gate")
      .compile({ checkpointer });
    export default defineConfig({ assent, pool, schema, graphs: { graph }, worker: { settleMs: 0 }, ${more} });
  `;
}

/** Starts a thread of the configured graph and approves what it asks. */
export const DECIDING = `
  import config, { assent, graph, people } from "./assent.config.ts";
  const [threadId, decision] = process.argv.slice(2);
  await graph.invoke({}, { configurable: { thread_id: threadId } });
  const { items } = await assent.reviews.list({ threadId });
  const by = await people.authenticate({ id: "ana" });
  await assent.reviews.decide(items[0].review.id, { by, decision, digest: items[0].review.digest, note: "seen" });
  await config.pool.end();
`;
