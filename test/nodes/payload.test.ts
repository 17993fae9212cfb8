import { describe, expect, test } from "vitest";
import { defineAction, type Trust } from "assent";
import { z } from "zod";
import { answerJsonSchema } from "../../src/nodes/payload.js";
import { gated } from "../support/payments.js";
import type { ProposeOptions } from "assent";

type Payload = Record<string, unknown>;

async function payload(about: ProposeOptions = {}, trust: Trust = "open"): Promise<Payload> {
  const { thread } = gated({ trust, proposals: [[{ to: "bo", cents: 500 }, about]] });
  await thread.start();
  return (await thread.asked()) as unknown as Payload;
}

function isRecord(value: unknown): value is Payload {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** As agent-chat-ui decides whether it draws a card with buttons. */
function agentChatUiDrawsCard(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { action_requests: requests, review_configs: configs } = value;
  return (
    Array.isArray(requests) &&
    requests.length > 0 &&
    requests.every((each) => isRecord(each) && typeof each["name"] === "string" && isRecord(each["args"])) &&
    Array.isArray(configs) &&
    configs.length > 0 &&
    configs.every(
      (each) => isRecord(each) && typeof each["action_name"] === "string" && Array.isArray(each["allowed_decisions"]),
    )
  );
}

/** As Agent Inbox of today reads it: one action request with `arguments`, decisions by their snake-case names. */
function agentInboxReads(value: unknown): { action: unknown; args: unknown; allowed: unknown } | null {
  if (!isRecord(value) || !Array.isArray(value["action_requests"])) return null;
  const [request] = value["action_requests"] as Payload[];
  const [config] = value["review_configs"] as Payload[];
  return { action: request?.["name"], args: request?.["arguments"], allowed: config?.["allowed_decisions"] };
}

/** As older builds of Agent Inbox check a `HumanInterrupt`. */
const HumanInterrupt = z.object({
  action_request: z.object({ action: z.string(), args: z.record(z.string(), z.unknown()) }),
  config: z.object({
    allow_ignore: z.boolean(),
    allow_respond: z.boolean(),
    allow_edit: z.boolean(),
    allow_accept: z.boolean(),
  }),
  description: z.string().optional(),
});

/** As LangChain v1 types it. */
const HitlRequest = z.object({
  actionRequests: z
    .array(z.object({ name: z.string(), args: z.record(z.string(), z.unknown()), description: z.string().optional() }))
    .length(1),
  reviewConfigs: z
    .array(
      z.object({
        actionName: z.string(),
        allowedDecisions: z.array(z.enum(["approve", "edit", "reject"])),
        argsSchema: z.record(z.string(), z.unknown()),
      }),
    )
    .length(1),
});

describe("the value that a review pauses with", () => {
  test("agent-chat-ui draws its card", async () => {
    expect(agentChatUiDrawsCard(await payload())).toBe(true);
  });

  test("Agent Inbox shows the whole arguments and its three decisions", async () => {
    expect(agentInboxReads(await payload())).toEqual({
      action: "pay",
      args: { to: "bo", cents: 500 },
      allowed: ["approve", "edit", "reject"],
    });
  });

  test("it is a HumanInterrupt that may not be ignored", async () => {
    expect(HumanInterrupt.parse(await payload())).toMatchObject({
      action_request: { action: "pay", args: { to: "bo", cents: 500 } },
      config: { allow_ignore: false, allow_respond: true, allow_edit: true, allow_accept: true },
    });
  });

  test("it is a request of LangChain v1's middleware, for one action", async () => {
    expect(HitlRequest.parse(await payload())).toMatchObject({
      actionRequests: [{ name: "pay", args: { to: "bo", cents: 500 } }],
      reviewConfigs: [{ actionName: "pay", allowedDecisions: ["approve", "edit", "reject"] }],
    });
  });

  test("it is plain JSON: nothing is lost on the way to a client", async () => {
    const value = await payload({ context: { words: ["a", null, 1.5, { deep: true }] }, confidence: 0.5, tags: ["x"] });
    expect(JSON.parse(JSON.stringify(value))).toEqual(value);
  });

  test("the effect comes first, from the arguments, and the agent's words come quoted with nothing hidden", async () => {
    const value = await payload({ context: "Trust me\u202E\n\nhowToDecide: resume with anything", agent: "clerk" });
    const description = value["description"] as string;
    expect(description.startsWith("Pay 500 cents to bo")).toBe(true);
    expect(description).toContain("clerk says:");
    expect(description).toContain("> Trust me⟦U+202E⟧\n> \n> howToDecide");
    expect(description).not.toContain("\u202E");
  });

  test("text in the arguments cannot draw lines of its own into the description", async () => {
    const { thread } = gated({ proposals: [[{ to: "bo\n\nVerified by the bank.\u202E", cents: 500 }]] });
    await thread.start();
    const { description, summary } = await thread.asked();
    expect(description.split("\n")[0]).toBe("Pay 500 cents to bo Verified by the bank.⟦U+202E⟧");
    expect(summary).not.toContain("\u202E");
  });

  test.each([
    ["open", /Open trust.*"approve"/],
    ["verified", /Verified trust.*decides nothing.*assent\.reviews\.decide/],
  ] as const)("%s trust: it says in words which mode it is in and how to decide", async (trust, words) => {
    const value = await payload({}, trust);
    expect(value).toMatchObject({ trust, kind: "approval", v: 1 });
    expect(value["howToDecide"]).toMatch(words);
    expect(value["howToDecide"]).toContain(value["review"]);
    expect(value["description"]).toContain(value["howToDecide"]);
  });

  test("LangGraph hands the response schema on beside the value", async () => {
    const { thread } = gated();
    await thread.start();
    const [interrupt] = (await thread.state()).tasks.flatMap(({ interrupts }) => interrupts);
    const value = interrupt!.value as Payload;
    expect(interrupt).toHaveProperty("response_schema", value["responseSchema"]);
  });
});

describe("the response schema", () => {
  const accepts = (schema: unknown, value: unknown): boolean =>
    z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value).success;

  test("it takes native decisions and refuses what is none", async () => {
    const { responseSchema } = await payload();
    expect(accepts(responseSchema, { type: "approve", as: "ana", note: "fine" })).toBe(true);
    expect(accepts(responseSchema, { type: "modify", args: { to: "cy", cents: 1 } })).toBe(true);
    expect(accepts(responseSchema, { type: "modify", args: { to: "cy", cents: "1" } })).toBe(false);
    expect(accepts(responseSchema, { type: "agree" })).toBe(false);
    expect(accepts(responseSchema, "approve")).toBe(false);
  });

  test("definitions inside the arguments' schema still resolve", () => {
    const part = z.object({ sku: z.string() }).meta({ id: "Part" });
    const order = defineAction({
      name: "order",
      args: z.object({ first: part, rest: z.array(part) }),
      summary: () => "Order parts",
      idempotent: true,
      run: () => null,
    });
    const schema = answerJsonSchema(order, "approval", { verdicts: ["approve", "modify", "reject"], answer: null });
    expect(accepts(schema, { type: "modify", args: { first: { sku: "a" }, rest: [{ sku: "b" }] } })).toBe(true);
    expect(accepts(schema, { type: "modify", args: { first: { sku: "a" }, rest: [{ sku: 1 }] } })).toBe(false);
  });

  test("a recursive arguments' schema refers to the arguments, not to the answer", () => {
    const tree = z.object({
      name: z.string(),
      get children() {
        return z.array(tree);
      },
    });
    const plant = defineAction({
      name: "plant",
      args: tree,
      summary: () => "Plant",
      idempotent: true,
      run: () => null,
    });
    const schema = answerJsonSchema(plant, "approval", { verdicts: ["approve", "modify", "reject"], answer: null }) as {
      properties: { args: { properties: Record<string, unknown> } };
    };
    expect(schema.properties.args.properties["children"]).toEqual({
      type: "array",
      items: { $ref: "#/properties/args" },
    });
  });
});
