import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Client, type ThreadState } from "@langchain/langgraph-sdk";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startDevServer, type DevServer } from "./dev-server.js";

/** What LangGraph Studio does, through the same API, in open trust. */
let server: DevServer;
let client: Client;

beforeAll(async () => {
  server = await startDevServer(inject("postgresUrl"));
  client = new Client({ apiUrl: server.url });
}, 120_000);

afterAll(() => server?.stop());

type Payload = Record<string, unknown> & { summary: string; reason: string | null; review: string };

function pendingOf(state: ThreadState): Payload[] {
  return state.tasks
    .filter((task) => !("result" in task) || task.result === null || task.result === undefined)
    .flatMap((task) => task.interrupts.map(({ value }) => value as Payload));
}

async function paused(orderId: string): Promise<{ thread: string; payload: Payload }> {
  const { thread_id: thread } = await client.threads.create();
  await client.runs.wait(thread, "approval-gate", { input: { orderId, amount: 120, confidence: 0.8 } });
  const [payload] = pendingOf(await client.threads.getState(thread));
  if (payload === undefined) throw new TypeError("the thread did not pause");
  return { thread, payload };
}

async function resume(thread: string, answer: unknown): Promise<Record<string, unknown>> {
  await client.runs.wait(thread, "approval-gate", { command: { resume: answer } });
  return (await client.threads.getState(thread)).values as Record<string, unknown>;
}

async function refundsOf(orderId: string): Promise<{ amount: number }[]> {
  const text = await readFile(join(server.folder, ".assent/studio/refunds.ndjson"), "utf8").catch(() => "");
  const lines = text.trim().split("\n").filter(Boolean);
  return lines
    .map((line) => JSON.parse(line) as { orderId: string; amount: number })
    .filter((r) => r.orderId === orderId);
}

describe("the form that Studio draws", () => {
  it.each([
    ["approval-gate", { orderId: "Order", amount: "Amount", confidence: "Confidence" }],
    ["mail-moderation", { messageId: "Message" }],
  ])("%s has just the fields that a person fills in, with titles and descriptions", async (graph, titles) => {
    const [assistant] = await client.assistants.search({ graphId: graph });
    const { input_schema: schema } = await client.assistants.getSchemas(assistant?.assistant_id ?? "");
    const fields = (schema?.properties ?? {}) as Record<string, { title?: string; description?: string }>;
    expect(Object.fromEntries(Object.entries(fields).map(([name, { title }]) => [name, title]))).toEqual(titles);
    for (const { description } of Object.values(fields)) expect(description).toMatch(/\w+ \w+/);
  });
});

describe("a refund", () => {
  const edit = { orderId: "edited", amount: 60 };
  const DIALECTS: [string, unknown, number][] = [
    ["a word", "approve", 120],
    ["the native form", { type: "approve", as: "ana" }, 120],
    ["the native form with new arguments", { type: "modify", args: edit }, 60],
    ["LangChain's decisions", { decisions: [{ type: "approve" }] }, 120],
    [
      "LangChain's edit, in camel case",
      { decisions: [{ type: "edit", editedAction: { name: "refund", args: edit } }] },
      60,
    ],
    ["agent-chat-ui's edit", { decisions: [{ type: "edit", edited_action: { name: "refund", args: edit } }] }, 60],
    ["Agent Inbox's answer", [{ type: "accept", args: null }], 120],
    [
      "Agent Inbox's edit, all text",
      [{ type: "edit", args: { action: "refund", args: { ...edit, amount: "60" } } }],
      60,
    ],
    ["JSON as text", JSON.stringify({ type: "approve" }), 120],
  ];

  it.each(DIALECTS)("is approved by %s, and paid once", async (name, answer, amount) => {
    const order = `order for ${name}`;
    const { thread } = await paused(order);
    const named = JSON.parse(
      JSON.stringify(answer).replaceAll('edited"', `${order}"`).replaceAll('edited\\"', `${order}\\"`),
    );
    const { reply, outcomes } = await resume(thread, named);
    expect(reply).toBe("Your refund is on its way.");
    expect(Object.values(outcomes as Record<string, { unverified: boolean }>)).toMatchObject([{ unverified: true }]);
    expect(await refundsOf(order)).toMatchObject([{ amount }]);
    expect((await client.threads.get(thread)).status).toBe("idle");
  });

  it.each([
    ["a word", "reject"],
    ["LangChain's decision", { decisions: [{ type: "reject", message: "no receipt" }] }],
    ["Agent Inbox's response", [{ type: "response", args: "no receipt" }]],
  ])("is rejected by %s, and never paid", async (name, answer) => {
    const order = `rejected by ${name}`;
    const { thread } = await paused(order);
    expect((await resume(thread, answer))["reply"]).toMatch(/^No refund: /);
    expect(await refundsOf(order)).toEqual([]);
  });

  it("says in words which mode it is in and how to decide", async () => {
    const { payload } = await paused("in words");
    expect(payload.summary).toBe("Refund 120 USD on order in words");
    expect(payload["howToDecide"]).toContain("Open trust");
    expect(payload["howToDecide"]).toContain('{"type":"approve","as":"ana"}');
  });

  it("asks again after an answer that is none, and stays interrupted", async () => {
    const order = "asked again";
    const { thread } = await paused(order);
    await resume(thread, "sounds good to me");
    const [payload] = pendingOf(await client.threads.getState(thread));
    expect(payload?.reason).toContain("is no decision");
    expect((await client.threads.get(thread)).status).toBe("interrupted");
    expect(await refundsOf(order)).toEqual([]);
    await resume(thread, "approve");
    expect(await refundsOf(order)).toHaveLength(1);
  });
});

it("moderates one real message, and another, from the oldest on", async () => {
  const results: unknown[] = [];
  for (let message = 0; message < 2; message += 1) {
    const { thread_id: thread } = await client.threads.create();
    await client.runs.wait(thread, "mail-moderation", { input: {} });
    let state = await client.threads.getState(thread);
    if (pendingOf(state).length > 0) {
      await client.runs.wait(thread, "mail-moderation", { command: { resume: "approve" } });
      state = await client.threads.getState(thread);
    }
    results.push((state.values as { result?: string }).result);
  }
  for (const result of results) expect(result).toMatch(/^Done: \{"folder":"(delivered|quarantine|rejected)"\}$/);
});
