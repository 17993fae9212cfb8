import { Command, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { AssentError, AssentState, safeSerializer, type Trust } from "assent";
import { testAuthenticator } from "assent/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { gated } from "../support/payments.js";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { Thread } from "../support/thread.js";
import { hostile } from "./hostile-values.js";

const people = testAuthenticator();
const ana = await people.authenticate({ id: "ana" });
const names = Object.keys(hostile);

/** A gate that waits, in a thread of one saver. */
async function asking(trust: Trust, checkpointer: MemorySaver | PostgresSaver) {
  const { built, assent, made } = gated({ trust, authenticators: [people] });
  const thread = new Thread(built.compile({ checkpointer }));
  await thread.start();
  const { review, digest } = await thread.asked();
  return {
    assent,
    made,
    thread,
    review,
    digest,
    /** Decides as this trust has it, and sees the thread to its end. */
    async decideWell(): Promise<void> {
      if (trust === "verified") await assent.reviews.decide(review, { by: ana, decision: "approve", digest });
      await thread.answer("approve");
      expect(made).toHaveLength(1);
      expect(await thread.outcome()).toMatchObject({ status: "executed" });
      expect(await thread.finished()).toBe(true);
    },
  };
}

/** Every shape in which a client can send the value. */
const shapes: Record<string, (value: unknown) => unknown> = {
  "as it is": (value) => value,
  "as a note": (value) => ({ type: "approve", note: value }),
  "as an argument": (value) => ({ type: "modify", args: { to: "bo", cents: 5, more: value } }),
  "in a list of decisions": (value) => ({ decisions: [value] }),
};

let postgres: FreshSchema;
beforeAll(async () => {
  postgres = await freshSchema({ migrated: false });
});
afterAll(() => postgres.close());

async function postgresSaver(serializer?: ReturnType<typeof safeSerializer>): Promise<PostgresSaver> {
  const saver = new PostgresSaver(postgres.pool, serializer, { schema: postgres.schema });
  await saver.setup();
  return saver;
}

describe.each(["open", "verified"] as const)("in %s trust, with the safe serializer", (trust) => {
  const checkpointer = new MemorySaver(safeSerializer());

  // What an answer says does not matter in verified trust, so neither does where it says it.
  const said = Object.entries(shapes).slice(0, trust === "open" ? undefined : 1);

  test.each(names)("%s: no effect in any shape, asked again, and a good answer works", async (name) => {
    for (const [shape, of] of said) {
      const { thread, made, review, digest, decideWell } = await asking(trust, checkpointer);
      // A value that throws when it is looked at, or that no stack can hold, is refused by LangGraph itself.
      await thread.answer(of(hostile[name]!())).catch((error: unknown) => error);
      expect(made, shape).toEqual([]);
      expect(await thread.asked(), shape).toMatchObject({ review, digest });
      await decideWell();
    }
  });

  test("one after the other in one thread: it still takes a good answer", async () => {
    const { thread, made, review, decideWell } = await asking(trust, checkpointer);
    for (const name of names) await thread.answer(hostile[name]!()).catch((error: unknown) => error);
    expect(made).toEqual([]);
    expect(await thread.asked()).toMatchObject({ review });
    await decideWell();
  });
});

describe("the reason for asking again", () => {
  test.each([
    ["a constructor record", /json_invalid: .*LangChain's notation.*at \$/],
    ["an own __proto__", /json_invalid: .*__proto__/],
    ["one level too many", /json_too_deep: .*64 levels/],
    ["ten megabytes", /json_too_large: .*bytes/],
    ["a cycle", /json_invalid: .*contains itself/],
    ["a bigint", /json_invalid: .*bigint/],
  ])("for %s says what is wrong with it", async (name, reason) => {
    const { thread } = await asking("open", new MemorySaver(safeSerializer()));
    await thread.answer(hostile[name]!()).catch((error: unknown) => error);
    expect((await thread.asked()).reason).toMatch(reason);
  });
});

describe("a junk answer in LangChain's notation, as a denial of service", () => {
  const junk = hostile["a constructor record"]!();
  const stock = [
    ["memory", () => Promise.resolve(new MemorySaver())],
    ["Postgres", () => postgresSaver()],
  ] as const;

  test.each(stock)(
    "a stock saver (%s): the gated graph refuses what could not be loaded, and nothing is kept",
    async (_, open) => {
      const { thread, made, decideWell } = await asking("open", await open());
      for (const name of [
        "a constructor record",
        "a constructor record with a secret inside",
        "a function",
        "a symbol",
      ]) {
        const error: unknown = await thread.answer(hostile[name]!()).catch((thrown: unknown) => thrown);
        expect(error, name).toMatchObject({ code: "json_invalid", where: "resume", cause: expect.any(Error) });
        const [pending] = await thread.pending();
        await expect(thread.answer({ [pending!.id]: hostile[name]!() }), name).rejects.toThrow(/could not load/);
        expect(await thread.asked(), name).toMatchObject({ reason: null });
      }
      expect(made).toEqual([]);
      await decideWell();
    },
  );

  test("every way to run the graph refuses it", async () => {
    const { built, made } = gated();
    const graph = built.compile({ checkpointer: new MemorySaver() });
    const thread = new Thread(graph);
    await thread.start();
    const resume = new Command<unknown, Record<string, never>, never>({ resume: junk });
    const refused = { code: "json_invalid" };
    await expect(graph.stream(resume, thread.config)).rejects.toMatchObject(refused);
    await expect(graph.withConfig({ tags: ["x"] }).invoke(resume, thread.config)).rejects.toMatchObject(refused);
    const events = (async () => {
      // oxlint-disable-next-line typescript/await-thenable -- a stream of events is iterable, whatever its type says
      for await (const event of graph.streamEvents(resume, { ...thread.config, version: "v2" })) void event;
    })();
    await expect(events).rejects.toMatchObject(refused);
    await thread.answer("approve");
    expect(made).toHaveLength(1);
  });

  /** The same gate in an outer graph, which keeps the answer before any code of the gated one runs. */
  function inside(checkpointer: MemorySaver | PostgresSaver) {
    const { built, made, assent } = gated({ proposals: [[{ to: "bo", cents: 500 }, { key: "order-1" }]] });
    const outer = new StateGraph(AssentState).addNode("team", built.compile()).addEdge(START, "team");
    return { outer, made, assent, thread: new Thread(outer.compile({ checkpointer })) };
  }

  test.each(stock)("an outer graph on a stock saver (%s) is stuck for good; the case stays open", async (_, open) => {
    const { thread, made, assent } = inside(await open());
    await thread.start();
    const { review } = await thread.asked();
    await thread.answer(junk);
    await expect(thread.state()).rejects.toThrow(/Invalid namespace/);
    await expect(thread.answer("approve")).rejects.toThrow(/Invalid namespace/);
    await expect(thread.goOn()).rejects.toThrow(/Invalid namespace/);
    expect(made).toEqual([]);
    expect((await assent.reviews.get(review)).review.status).toBe("open");
  });

  test("an outer graph with the safe serializer on Postgres is asked again and finishes", async () => {
    const { thread, made } = inside(await postgresSaver(safeSerializer()));
    await thread.start();
    for (const name of names.filter((each) => each.includes("record"))) await thread.answer(hostile[name]!());
    expect((await thread.asked()).reason).toMatch(/LangChain's notation/);
    expect(made).toEqual([]);
    await thread.answer("approve");
    expect(made).toHaveLength(1);
    expect(await thread.finished()).toBe(true);
  });

  test("a thread that is stuck under the stock serializer is freed by the safe one", async () => {
    const { outer, made, thread: stuck } = inside(await postgresSaver());
    await stuck.start();
    await stuck.answer(junk);
    await expect(stuck.state()).rejects.toThrow(/Invalid namespace/);
    const freed = new Thread(outer.compile({ checkpointer: await postgresSaver(safeSerializer()) }), stuck.id);
    expect((await freed.asked()).reason).toMatch(/LangChain's notation/);
    await freed.answer("approve");
    expect(made).toHaveLength(1);
    expect(await freed.finished()).toBe(true);
  });

  test("sent by the id of the interrupt, it is asked again all the same", async () => {
    const { thread, decideWell } = await asking("open", new MemorySaver(safeSerializer()));
    const [pending] = await thread.pending();
    await thread.answer({ [pending!.id]: junk });
    expect((await thread.asked()).reason).toMatch(/LangChain's notation/);
    await decideWell();
  });
});

describe("a decision with a hostile part", () => {
  test.each(["args", "note", "reasonCode", "digest", "decision", "by"])(
    "in its %s is refused with a clear error and leaves the review open",
    async (part) => {
      for (const name of names) {
        const { assent, made, review, digest, decideWell } = await asking("verified", new MemorySaver());
        const sound = { by: ana, decision: "modify" as const, digest, args: { to: "cy", cents: 5 } };
        const error: unknown = await assent.reviews
          .decide(review, { ...sound, [part]: hostile[name]!() })
          .catch((thrown: unknown) => thrown);
        expect(AssentError.isInstance(error), `${part}, ${name}: ${String(error)}`).toBe(true);
        expect(made).toEqual([]);
        await decideWell();
      }
    },
  );
});
