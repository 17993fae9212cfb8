import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createAssent } from "assent";
import { postgresLedger } from "assent/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askAlways } from "../support/payments.js";
import { freshDatabase, type FreshDatabase } from "./database.js";
import { startDevServer, type DevServer } from "./dev-server.js";
import { RemoteThread, type Asked, type Pending } from "./remote-thread.js";

/** One question that a graph asks on its way, and what a person says. */
interface Question {
  kind: string;
  summary: string | RegExp;
  /** What the form of the answer has for it, by the name of the member. */
  form: Record<string, unknown>;
  answer: Record<string, unknown>;
}

/** One run of a graph from its form to its end. */
interface Story {
  graph: string;
  says: string;
  input: Record<string, unknown>;
  questions: Question[];
  /** What the state has at the end. */
  values: Record<string, unknown>;
  /** How its cases ended. */
  ends: string[];
  /** Where its effects are, one line each; everything that a story does can be told by what it is about. */
  effects: { file: string; about: Record<string, unknown>; lines: Record<string, unknown>[] };
}

const verdicts = (...list: string[]) => ({ type: { type: "string", enum: list, title: "Decision" } });

const STORIES: Story[] = [
  {
    graph: "appeal",
    says: "what an agent did by itself is taken back once a person grants the appeal",
    input: { post: "Granted", author: "kim" },
    questions: [
      {
        kind: "appeal",
        summary: "Take back: Hide post Granted, for: no fights",
        form: verdicts("approve", "reject"),
        answer: { type: "approve", as: "bo" },
      },
    ],
    values: { result: "Shown again." },
    ends: ["executed", "executed"],
    effects: { file: "posts", about: { post: "Granted" }, lines: [{ isHidden: true }, { isHidden: false }] },
  },
  {
    graph: "ask-human",
    says: "the answer is part of the offer, with who gave it",
    input: { client: "Acme", amount: 8_000 },
    questions: [
      {
        kind: "question",
        summary: "Up to how much may Acme buy on account?",
        form: { ...verdicts("answer", "reject"), answer: { type: "object", required: ["limit"], title: "Answer" } },
        answer: { type: "answer", answer: { limit: 5_000 }, as: "ana", roles: ["account-manager"] },
      },
    ],
    values: { limit: 5_000, answeredBy: "ana", offer: "Acme: 5000 USD on account, 3000 USD in advance." },
    ends: ["executed"],
    effects: { file: "offers", about: { client: "Acme" }, lines: [{ onAccount: 5_000 }] },
  },
  {
    graph: "co-author",
    says: "person and agent take turns until the person says done",
    input: { job: "baker", town: "Porto" },
    questions: [
      {
        kind: "question",
        summary: "Your turn on the advertisement for a baker",
        form: verdicts("answer", "reject"),
        answer: { type: "answer", answer: { artifact: "We need a  baker in Porto.", next: "agent" } },
      },
      {
        kind: "question",
        summary: "Your turn on the advertisement for a baker",
        form: { answer: { required: ["artifact", "next"] } },
        answer: { type: "answer", answer: { artifact: "A baker for Porto! Everybody is welcome.", next: "done" } },
      },
    ],
    values: { text: "A baker for Porto! Everybody is welcome.", next: "done" },
    ends: ["executed", "executed"],
    effects: { file: "advertisements", about: { job: "baker" }, lines: [{ text: /^A baker for Porto!/ }] },
  },
  {
    graph: "exception-escalation",
    says: "an answer to what is unclear takes the place of the guess",
    input: { message: "Cancel my order" },
    questions: [
      {
        kind: "clarification",
        summary: "Cancel order A-1002",
        form: { ...verdicts("answer", "reject"), answer: { properties: { orderId: { enum: ["A-1001", "A-1002"] } } } },
        answer: { type: "answer", answer: { orderId: "A-1001" } },
      },
    ],
    values: { reply: "Your order is cancelled." },
    ends: ["executed"],
    effects: { file: "cancellations", about: { orderId: "A-1001" }, lines: [{}] },
  },
  {
    graph: "exception-escalation",
    says: "an agent that is not sure waits for a person",
    input: { message: "Cancel A-1002", confidence: 0.4 },
    questions: [
      {
        kind: "approval",
        summary: "Cancel order A-1002",
        form: { ...verdicts("approve", "modify", "reject"), args: { required: ["orderId"] } },
        answer: { type: "reject", note: "it has left" },
      },
    ],
    values: { reply: "Your order is not cancelled: it has left" },
    ends: ["rejected"],
    effects: { file: "cancellations", about: { orderId: "A-1002" }, lines: [] },
  },
  {
    graph: "hand-over",
    says: "a person has the conversation until they give it back",
    input: { message: "Where is my parcel?!" },
    questions: [
      {
        kind: "question",
        summary: "The customer is angry.",
        form: verdicts("answer", "reject"),
        answer: { type: "answer", answer: { reply: "I am looking.", next: "person" }, as: "ana" },
      },
      {
        kind: "question",
        summary: "The customer is angry.",
        form: { answer: { required: ["reply", "next"] } },
        answer: { type: "answer", answer: { reply: "It comes today.", next: "agent" }, as: "ana" },
      },
    ],
    values: {
      conversation: [
        "customer: Where is my parcel?!",
        "agent: A colleague will reply to you.",
        "ana: I am looking.",
        "ana: It comes today.",
        "agent: Is there anything else?",
      ],
    },
    ends: ["executed", "executed"],
    effects: { file: "none", about: {}, lines: [] },
  },
  {
    graph: "human-turn",
    says: "nobody is asked until the agent wants to stop",
    input: { topics: ["sales"] },
    questions: [
      {
        kind: "question",
        summary: "The report is about sales. Is it done?",
        form: { answer: { required: ["done"] } },
        answer: { type: "answer", answer: { done: false, topics: ["sales", "weather"] } },
      },
      {
        kind: "question",
        summary: "The report is about sales and weather. Is it done?",
        form: verdicts("answer", "reject"),
        answer: { type: "answer", answer: { done: true } },
      },
    ],
    values: { isDone: true, sections: [/sales/, /weather/] },
    ends: ["executed", "executed"],
    effects: { file: "reports", about: {}, lines: [{ sections: [/sales/, /weather/] }] },
  },
  {
    graph: "interactive-refinement",
    says: "the draft that a person approves is sent, not the one before it",
    input: { customer: "Kim", days: 3 },
    questions: [
      {
        kind: "refinement",
        summary: /^Send Kim a letter of \d+ characters: Dear Kim, your order is 3 days late\. We know/,
        form: verdicts("approve", "modify", "revise", "reject"),
        answer: { type: "revise", note: "say sorry" },
      },
      {
        kind: "refinement",
        summary: /Dear Kim, we are sorry: your order/,
        form: { args: { required: ["to", "text"] } },
        answer: { type: "approve" },
      },
    ],
    values: { result: "The letter is sent." },
    ends: ["executed"],
    effects: { file: "letters", about: { to: "Kim" }, lines: [{ text: /we are sorry/ }] },
  },
  {
    graph: "reviewed",
    says: "the plan that a person puts in its place is what is carried out",
    input: { server: "db-7", disks: 2 },
    questions: [
      {
        kind: "approval",
        summary: "Accept the output of the maintenance plan",
        form: { ...verdicts("approve", "modify", "reject"), args: { required: ["output"] } },
        answer: { type: "modify", args: { output: { steps: ["replace disk 1"], minutes: 5 } } },
      },
    ],
    values: { steps: ["replace disk 1"], minutes: 5, result: "Did 1 steps." },
    ends: ["executed"],
    effects: { file: "maintenance", about: { server: "db-7" }, lines: [{ steps: ["replace disk 1"] }] },
  },
  {
    graph: "suggest-only",
    says: "the dispatcher says what they did, and the agent does nothing",
    input: { to: "Kiel", tons: 7 },
    questions: [
      {
        kind: "approval",
        summary: "Send truck T-2 to Kiel",
        form: verdicts("approve", "modify", "reject"),
        answer: { type: "modify", args: { truck: "T-3", to: "Kiel" }, as: "ana" },
      },
    ],
    values: { result: "ana did it with other arguments" },
    ends: ["suggested"],
    effects: { file: "trucks", about: {}, lines: [] },
  },
  {
    graph: "veto-window",
    says: "an objection ends it",
    input: { supplier: "Objected", amount: 80 },
    questions: [
      {
        kind: "objection",
        summary: "Pay Objected 80 USD",
        form: verdicts("reject", "approve"),
        answer: { type: "reject", note: "paid before" },
      },
    ],
    values: { result: "Not paid: paid before" },
    ends: ["rejected"],
    effects: { file: "invoices", about: { supplier: "Objected" }, lines: [] },
  },
  {
    graph: "veto-window",
    says: "an approval pays at once",
    input: { supplier: "Approved", amount: 80 },
    questions: [
      {
        kind: "objection",
        summary: "Pay Approved 80 USD",
        form: {},
        answer: { type: "approve" },
      },
    ],
    values: { result: "Paid." },
    ends: ["executed"],
    effects: { file: "invoices", about: { supplier: "Approved" }, lines: [{ amount: 80 }] },
  },
];

/** Graphs whose stories are told elsewhere: below, or in studio.test.ts. */
const TOLD_ELSEWHERE = ["approval-gate", "fan-out", "mail-moderation", "progressive-autonomy"];

const SERVED = Object.keys(
  (JSON.parse(readFileSync("langgraph.json", "utf8")) as { graphs: Record<string, string> }).graphs,
);

let database: FreshDatabase;
let server: DevServer;

beforeAll(async () => {
  database = await freshDatabase();
  server = await startDevServer({ databaseUrl: database.url });
});
afterAll(async () => {
  await server?.stop();
  await database.close();
});

/** What the server has really done, as far as it is about something. */
function effects(kind: string, about: Record<string, unknown>): Record<string, unknown>[] {
  const path = join(server.folder, ".assent", "studio", `${kind}.ndjson`);
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((effect) => Object.entries(about).every(([key, value]) => effect[key] === value));
}

/** Puts a thread's deadline into the past; the database refuses that to everybody but its owner. */
async function letTimePass(threadId: string): Promise<void> {
  await database.pool.query(`
    begin;
    alter table assent_studio.reviews disable trigger reviews_steps;
    update assent_studio.reviews set deadline_at = now() - interval '1 second' where thread_id = '${threadId}';
    alter table assent_studio.reviews enable trigger reviews_steps;
    commit`);
}

/** The same, with every pattern for a text as a matcher. */
function matching(expected: unknown): unknown {
  if (expected instanceof RegExp) return expect.stringMatching(expected);
  if (Array.isArray(expected)) return expected.map(matching);
  if (typeof expected !== "object" || expected === null) return expected;
  return Object.fromEntries(Object.entries(expected).map(([key, value]) => [key, matching(value)]));
}

function expectAsked(asked: Asked, { kind, summary, form }: Question): void {
  expect(asked).toMatchObject({ kind, summary: matching(summary), trust: "open", reason: null });
  expect(asked.responseSchema.properties).toMatchObject(form);
}

test("every graph of langgraph.json is listed, and has a story", async () => {
  const assistants = await server.client.assistants.search({ limit: 100 });
  expect(assistants.map(({ graph_id }) => graph_id).toSorted()).toEqual(SERVED.toSorted());
  const told = new Set([...STORIES.map(({ graph }) => graph), ...TOLD_ELSEWHERE]);
  expect([...told].toSorted()).toEqual(SERVED.toSorted());
});

test.each(SERVED)("the form of %s says what each field is, and can be left empty", async (graph) => {
  const [assistant] = await server.client.assistants.search({ graphId: graph });
  const { input_schema: input } = await server.client.assistants.getSchemas(assistant!.assistant_id);
  const { properties } = input as { properties: Record<string, { title?: string; description?: string }> };
  expect(Object.keys(properties).length).toBeGreaterThan(0);
  for (const { title, description } of Object.values(properties)) {
    expect(title).toMatch(/^[A-Z]/);
    expect(description).toMatch(/.{10,}/);
  }
  expect(input).not.toHaveProperty("required");
});

describe.concurrent("a graph in Studio", () => {
  const titled = STORIES.map((story) => [`${story.graph}: ${story.says}`, story] as const);
  test.each(titled)("%s", async (_, { graph, input, questions, values, ends, effects: done }) => {
    const thread = new RemoteThread(server, graph);
    await thread.start(input);
    for (const question of questions) {
      expect(await thread.status()).toBe("interrupted");
      expectAsked(await thread.asks(), question);
      await thread.resume(question.answer);
    }
    expect(await thread.status()).toBe("idle");
    expect((await thread.state()).values).toMatchObject(matching(values) as object);
    expect((await thread.outcomes()).map(({ status }) => status)).toEqual(ends);
    expect(effects(done.file, done.about)).toMatchObject(matching(done.lines) as object[]);
  });

  // Of the other two, one takes whatever mail is the oldest, and the other may have earned to ask nobody.
  const asking = SERVED.filter((graph) => graph !== "mail-moderation" && graph !== "progressive-autonomy");
  test.each(asking)("%s asks with an empty form", async (graph) => {
    const thread = new RemoteThread(server, graph);
    await thread.start({});
    expect(await thread.status()).toBe("interrupted");
    for (const { value } of await thread.pending()) expect(value.summary).not.toBe("");
  });

  test("ask-human takes an answer only from those whom it names", async () => {
    const thread = new RemoteThread(server, "ask-human");
    await thread.start({ client: "Nobody" });
    await thread.resume({ type: "answer", answer: { limit: 1 }, as: "bo" });
    expect((await thread.asks()).reason).toContain("account-manager");
    await thread.resume({ type: "answer", answer: { limit: "much" }, as: "ana", roles: ["account-manager"] });
    expect((await thread.asks()).reason).toContain("limit");
    expect(effects("offers", { client: "Nobody" })).toEqual([]);
  });

  test.each([
    [0.95, false],
    [0.8, true],
  ])("exception-escalation acts where the agent is sure to %d, flagged: %s", async (confidence, flagged) => {
    const thread = new RemoteThread(server, "exception-escalation");
    await thread.start({ message: "Cancel A-1001, please", confidence });
    expect(await thread.outcomes()).toMatchObject([{ status: "executed", flagged, decidedBy: null }]);
  });

  test("interactive-refinement shows what was asked for and what has changed", async () => {
    const thread = new RemoteThread(server, "interactive-refinement");
    await thread.start({ customer: "Lou" });
    await thread.resume({ type: "revise", note: "shorter" });
    expect(await thread.asks()).toMatchObject({
      round: 2,
      context: { feedback: "shorter", changes: [{ path: "text" }] },
    });
    expect(effects("letters", { to: "Lou" })).toEqual([]);
  });

  test("veto-window pays at the end of a window in which nobody objected", async () => {
    const thread = new RemoteThread(server, "veto-window");
    await thread.start({ supplier: "Unopposed", amount: 80 });
    await thread.resume("is it over?");
    expect(await thread.status()).toBe("interrupted");
    await letTimePass(thread.id);
    // The graph's own timer may have been quicker; either way it has happened when this returns.
    const ledger = postgresLedger({ pool: database.pool, schema: "assent_studio" });
    await createAssent({ actions: [], policy: askAlways, ledger, trust: "open" }).tick();
    expect(effects("invoices", { supplier: "Unopposed" })).toEqual([]);
    await thread.resume("go on");
    expect(await thread.outcomes()).toMatchObject([{ status: "executed", decidedBy: null }]);
    expect(effects("invoices", { supplier: "Unopposed" })).toMatchObject([{ amount: 80 }]);
  });

  test("progressive-autonomy books alone after a person found it right three times", async () => {
    const what = "Train to Faro";
    for (const _ of [1, 2, 3]) {
      const thread = new RemoteThread(server, "progressive-autonomy");
      await thread.start({ what });
      expect(await thread.asks()).toMatchObject({ kind: "approval", summary: `Book "${what}" under travel` });
      await thread.resume({ type: "approve", as: "ana" });
      expect(await thread.outcomes()).toMatchObject([{ status: "suggested", decidedBy: "ana" }]);
    }
    expect(effects("expenses", { what })).toEqual([]);
    const thread = new RemoteThread(server, "progressive-autonomy");
    await thread.start({ what });
    expect(await thread.outcomes()).toMatchObject([{ status: "executed", flagged: true, decidedBy: null }]);
    expect(effects("expenses", { what })).toMatchObject([{ account: "travel" }]);
    const unsure = new RemoteThread(server, "progressive-autonomy");
    await unsure.start({ what: "Something" });
    expect(await unsure.status()).toBe("interrupted");
  });

  test("fan-out takes decisions one after the other, by the ids of their interrupts", async () => {
    const thread = new RemoteThread(server, "fan-out");
    const payouts = [60, 250, 900, 400].map((amount, index) => ({ to: `payee ${index + 1}`, amount }));
    await thread.start({ payouts });
    // Those that pause first come first.
    const inOrder = (a: Pending, b: Pending) => a.value.summary.slice(-1).localeCompare(b.value.summary.slice(-1));
    const pending = (await thread.pending()).toSorted(inOrder);
    expect(pending.map(({ value }) => value.summary)).toEqual([
      "Pay out 250 USD to payee 2",
      "Pay out 900 USD to payee 3",
      "Pay out 400 USD to payee 4",
    ]);
    const [second, third, fourth] = pending.map(({ id, value: { review } }) => ({ id, review }));
    await thread.resume({ [third!.id]: { type: "reject", review: third!.review } });
    expect(await thread.status()).toBe("interrupted");
    const left = (await thread.pending()).toSorted(inOrder);
    expect(left.map(({ value }) => value.review)).toEqual([second!.review, fourth!.review]);
    await thread.resume({
      [second!.id]: { type: "approve", review: second!.review },
      [fourth!.id]: { type: "modify", review: fourth!.review, args: { to: "payee 4", amount: 40 } },
    });
    expect(await thread.status()).toBe("idle");
    expect((await thread.state()).values).toMatchObject({ results: ["executed", "executed", "rejected", "executed"] });
    expect([1, 2, 3, 4].map((nth) => effects("payouts", { to: `payee ${nth}` }).map(({ amount }) => amount))).toEqual([
      [60],
      [250],
      [],
      [40],
    ]);
  });
});
