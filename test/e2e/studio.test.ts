import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createAssent, loadKeys, localUser } from "assent";
import { postgresLedger } from "assent/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askAlways } from "../support/payments.js";
import { freshDatabase, type FreshDatabase } from "./database.js";
import { startDevServer, type DevServer, type DevServerOptions } from "./dev-server.js";
import { RemoteThread } from "./remote-thread.js";

/** How a client may say that it approves, or changes arguments; `args` are all of the new ones. */
const DIALECTS: { name: string; approve: unknown; edit: (action: string, args: Record<string, unknown>) => unknown }[] =
  [
    {
      name: "native words",
      approve: "approve",
      edit: (_, args) => ({ type: "modify", args }),
    },
    {
      name: "a native object",
      approve: { type: "approve", as: "ana", note: "fine" },
      edit: (_, args) => ({ type: "modify", as: "ana", args }),
    },
    {
      name: "LangChain's decisions in camel case",
      approve: { decisions: [{ type: "approve" }] },
      edit: (name, args) => ({ decisions: [{ type: "edit", editedAction: { name, args } }] }),
    },
    {
      name: "LangChain's decisions in snake case, as agent-chat-ui sends them",
      approve: { decisions: [{ type: "approve" }] },
      edit: (name, args) => ({ decisions: [{ type: "edit", edited_action: { name, args } }] }),
    },
    {
      name: "a list of one HumanResponse, as Agent Inbox sends it",
      approve: [{ type: "accept", args: null }],
      edit: (action, args) => {
        // Its forms give every value as text.
        const texts = Object.fromEntries(Object.entries(args).map(([key, value]) => [key, String(value)]));
        return [{ type: "edit", args: { action, args: texts } }];
      },
    },
    {
      name: "a JSON text",
      approve: JSON.stringify({ decisions: [{ type: "approve" }] }),
      edit: (_, args) => JSON.stringify({ type: "modify", args }),
    },
  ];

let database: FreshDatabase;
let open: DevServer;
let verified: DevServer;
const servers: DevServer[] = [];

async function start(options: Omit<DevServerOptions, "databaseUrl"> = {}): Promise<DevServer> {
  const server = await startDevServer({ databaseUrl: database.url, ...options });
  servers.push(server);
  return server;
}

beforeAll(async () => {
  database = await freshDatabase();
  const started = [start(), start({ graphs: ["approval-gate"], environment: { ASSENT_TRUST: "verified" } })] as const;
  // Both have to be there, or to have ended, before anything is thrown: else one would be left running.
  await Promise.allSettled(started);
  [open, verified] = await Promise.all(started);
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await database.close();
});

/** The refunds of an order that a server has really made. */
function refundsOf({ folder }: DevServer, orderId: string): number[] {
  const path = join(folder, ".assent", "studio", "refunds.ndjson");
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { orderId: string; amount: number })
    .filter((refund) => refund.orderId === orderId)
    .map(({ amount }) => amount);
}

describe("the forms that Studio draws", () => {
  test.each([
    ["approval-gate", ["amount", "confidence", "orderId"]],
    ["mail-moderation", ["messageId"]],
  ])("%s asks only for what a person fills in, with a title and a description each", async (graph, fields) => {
    const [assistant] = await open.client.assistants.search({ graphId: graph });
    const { input_schema: input } = await open.client.assistants.getSchemas(assistant!.assistant_id);
    const properties = (input as { properties: Record<string, { title?: string; description?: string }> }).properties;
    expect(Object.keys(properties).toSorted()).toEqual(fields);
    for (const { title, description } of Object.values(properties)) {
      expect(title).toMatch(/^[A-Z]/);
      expect(description).toMatch(/.{10,}/);
    }
    expect(input).not.toHaveProperty("required");
  });
});

describe.concurrent("approval-gate in Studio", () => {
  test.each(DIALECTS)("$name approves, and the refund is made once", async ({ name, approve }) => {
    const orderId = `approved by ${name}`;
    const thread = new RemoteThread(open, "approval-gate");
    await thread.start({ orderId, amount: 75, confidence: 0.5 });
    expect(await thread.status()).toBe("interrupted");
    expect(await thread.asks()).toMatchObject({
      summary: `Refund 75 USD on order ${orderId}`,
      trust: "open",
      action_request: { action: "refund", args: { orderId, amount: 75 } },
    });
    expect(refundsOf(open, orderId)).toEqual([]);
    await thread.resume(approve);
    expect(await thread.status()).toBe("idle");
    expect(refundsOf(open, orderId)).toEqual([75]);
    expect(await thread.outcomes()).toMatchObject([{ status: "executed", unverified: true, result: { refunded: 75 } }]);
    expect((await thread.state()).values.reply).toBe("Your refund is on its way.");
  });

  test.each(DIALECTS)("$name changes the amount", async ({ name, edit }) => {
    const orderId = `changed by ${name}`;
    const thread = new RemoteThread(open, "approval-gate");
    await thread.start({ orderId, amount: 75, confidence: 0.5 });
    await thread.resume(edit("refund", { orderId, amount: 30 }));
    expect(refundsOf(open, orderId)).toEqual([30]);
    expect(await thread.outcomes()).toMatchObject([{ status: "executed", result: { refunded: 30 } }]);
  });

  test.each([
    ["reject"],
    [{ type: "reject", note: "no receipt" }],
    [{ decisions: [{ type: "reject", message: "no receipt" }] }],
    [[{ type: "response", args: "no receipt" }]],
  ])("%j rejects, and nothing is refunded", async (answer) => {
    const orderId = `rejected by ${JSON.stringify(answer)}`;
    const thread = new RemoteThread(open, "approval-gate");
    await thread.start({ orderId, amount: 75, confidence: 0.5 });
    await thread.resume(answer);
    expect(await thread.status()).toBe("idle");
    expect(refundsOf(open, orderId)).toEqual([]);
    expect(await thread.outcomes()).toMatchObject([{ status: "rejected" }]);
    expect((await thread.state()).values.reply).toMatch(/^No refund: /);
  });

  test("a wrong answer is asked again with the reason, and the thread stays answerable", async () => {
    const thread = new RemoteThread(open, "approval-gate");
    await thread.start({ orderId: "wrong first", amount: 75, confidence: 0.5 });
    const { review, reason } = await thread.asks();
    expect(reason).toBeNull();
    for (const [answer, why] of [
      ["yes, go ahead", "is no decision"],
      [{ type: "approve", review: "rv_other" }, "names review rv_other"],
      [{ decisions: [{ type: "approve" }, { type: "approve" }] }, "A list of 2 answers"],
      [{ type: "modify", args: { orderId: "wrong first", amount: -1 } }, "do not fit"],
      [{ decisions: [{ type: "edit", editedAction: { name: "wire", args: {} } }] }, "not the action itself"],
    ] as const) {
      await thread.resume(answer);
      expect(await thread.status()).toBe("interrupted");
      const again = await thread.asks();
      expect(again.review).toBe(review);
      expect(again.reason).toContain(why);
      expect(again.description).toContain(why);
    }
    const listed = await open.client.threads.search({ status: "interrupted", limit: 100 });
    expect(listed.map(({ thread_id }) => thread_id)).toContain(thread.id);
    await thread.resume({ type: "approve", review });
    expect(refundsOf(open, "wrong first")).toEqual([75]);
  });

  test("an empty form runs with what it says beside its fields", async () => {
    const thread = new RemoteThread(open, "approval-gate");
    await thread.start({});
    expect((await thread.asks()).summary).toBe("Refund 120 USD on order A-1001");
  });

  test("what is small and sure goes through by itself", async () => {
    const thread = new RemoteThread(open, "approval-gate");
    await thread.start({ orderId: "small", amount: 20, confidence: 0.95 });
    expect(await thread.status()).toBe("idle");
    expect(refundsOf(open, "small")).toEqual([20]);
    expect(await thread.outcomes()).toMatchObject([{ status: "executed", decidedBy: null }]);
  });
});

describe("mail-moderation in Studio", () => {
  const mailbox = (folder: string): string[] =>
    readdirSync(join(open.folder, ".assent", "studio", "mailbox", folder, "new")).toSorted();
  const foldersOf = (id: string): string[] =>
    ["incoming", "delivered", "quarantine", "rejected"].filter((folder) => mailbox(folder).includes(id));

  // Threads of messages that the agent was not sure about, one for each dialect.
  const asked: RemoteThread[] = [];
  beforeAll(async () => {
    const ids = mailbox("incoming").values();
    const work = async (): Promise<void> => {
      for (const messageId of ids) {
        const thread = new RemoteThread(open, "mail-moderation");
        await thread.start({ messageId });
        if ((await thread.status()) === "interrupted") asked.push(thread);
        if (asked.length >= DIALECTS.length) return;
      }
    };
    await Promise.all(Array.from({ length: 10 }, work));
  });

  test("an empty form takes the oldest message", async () => {
    const [oldest] = mailbox("incoming");
    const thread = new RemoteThread(open, "mail-moderation");
    await thread.start({});
    expect((await thread.state()).values.messageId).toBe(oldest);
  });

  test.concurrent.each(DIALECTS)("$name moves a message that the agent was not sure about", async ({ name, edit }) => {
    const nth = DIALECTS.findIndex((dialect) => dialect.name === name);
    const thread = asked[nth]!;
    const shown = await thread.asks();
    expect(shown.facts.confidence).toBeLessThan(0.7);
    const { messageId, sender } = shown.action_request.args as { messageId: string; sender: string };
    expect(foldersOf(messageId)).toEqual(["incoming"]);
    await thread.resume("no idea");
    expect(await thread.status()).toBe("interrupted");
    expect((await thread.asks()).reason).toContain("is no decision");
    expect(foldersOf(messageId)).toEqual(["incoming"]);
    const [verdict, folder] = nth % 2 === 0 ? ["deliver", "delivered"] : ["quarantine", "quarantine"];
    await thread.resume(edit("moderate", { messageId, verdict, sender }));
    expect(await thread.status()).toBe("idle");
    expect(foldersOf(messageId)).toEqual([folder]);
    expect((await thread.state()).values.result).toMatch(/^Done: /);
  });
});

describe.concurrent("a server that is told to be verified", () => {
  test.each(DIALECTS)("takes nothing from $name", async ({ name, approve, edit }) => {
    const orderId = `verified ${name}`;
    const thread = new RemoteThread(verified, "approval-gate");
    await thread.start({ orderId, amount: 75, confidence: 0.5 });
    expect((await thread.asks()).trust).toBe("verified");
    for (const answer of [approve, edit("refund", { orderId, amount: 75 })]) {
      await thread.resume(answer);
      expect(await thread.status()).toBe("interrupted");
      expect((await thread.asks()).reason).toContain("assent.reviews.decide(");
      expect(await thread.outcomes()).toEqual([]);
    }
    expect(refundsOf(verified, orderId)).toEqual([]);
  });

  test("goes on after a decision in the ledger, whatever the answer is", async () => {
    const thread = new RemoteThread(verified, "approval-gate");
    await thread.start({ orderId: "decided", amount: 75, confidence: 0.5 });
    const { review, digest } = await thread.asks();
    const ledger = postgresLedger({ pool: database.pool, schema: "assent_studio" });
    const keys = await loadKeys(join(verified.folder, ".assent/studio/keys"));
    const assent = createAssent({ actions: [], policy: askAlways, ledger, keys, trust: "verified" });
    await assent.reviews.decide(review, { by: await localUser.authenticate(), decision: "approve", digest });
    await thread.resume("reject");
    expect(refundsOf(verified, "decided")).toEqual([75]);
    expect(await thread.outcomes()).toMatchObject([{ status: "executed", unverified: false }]);
  });
});
