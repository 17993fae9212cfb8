import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import {
  AssentError,
  AssentState,
  addGate,
  approvalGate,
  createAssent,
  defineAction,
  memoryLedger,
  type ProposeOptions,
} from "assent";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { canonicalJson } from "../../src/model/canonical-json.js";
import { askAlways } from "../support/payments.js";
import { Thread } from "../support/thread.js";
import { harmless, hostile } from "./hostile-values.js";

interface Draft {
  /** What an agent would do; anything may stand in it. */
  args: unknown;
  about?: ProposeOptions;
}

/** An agent that first proposes what a broken model drafted, and something sound when it is run again. */
function filing(draft: Draft) {
  const filed: unknown[] = [];
  const file = defineAction({
    name: "file",
    args: z.object({ note: z.any() }),
    summary: () => "File a note",
    idempotent: true,
    run: ({ note }) => {
      filed.push(note);
    },
  });
  const assent = createAssent({ actions: [file], ledger: memoryLedger(), trust: "open", policy: askAlways });
  const drafts: Draft[] = [draft];
  const builder = new StateGraph(AssentState).addNode("agent", () => {
    const { args, about } = drafts.shift() ?? { args: { note: "sound" } };
    return assent.propose(file, args as { note: unknown }, about);
  });
  const graph = addGate(builder, "gate", approvalGate(assent)).addEdge(START, "agent").addEdge("agent", "gate");
  return { assent, filed, thread: new Thread(graph.compile({ checkpointer: new MemorySaver() })) };
}

async function errorOf(work: Promise<unknown>): Promise<AssentError> {
  const error: unknown = await work.then(
    () => new TypeError("nothing was thrown"),
    (thrown: unknown) => thrown,
  );
  if (!AssentError.isInstance(error)) throw error;
  return error;
}

/** Refused with a clear error, nothing recorded; and the thread goes on with something sound, to one effect. */
async function refused(draft: Draft): Promise<boolean> {
  const { assent, filed, thread } = filing(draft);
  const error = await errorOf(thread.start());
  expect(error.code).toMatch(/^(json_(invalid|too_deep|too_large)|args_invalid|facts_invalid)$/);
  expect(error.where).toMatch(/\S/);
  expect(error.message.length).toBeLessThan(1_000);
  expect(await assent.ledger.auditRows({ afterSeq: 0, limit: 10 })).toEqual([]);
  await thread.goOn();
  await thread.answer("approve");
  expect(filed).toEqual(["sound"]);
  return thread.finished();
}

const places: Record<string, (value: unknown) => Draft> = {
  arguments: (value) => ({ args: { note: value } }),
  "the middle of the arguments": (value) => ({ args: { note: { a: ["b", value] } } }),
  "the context": (value) => ({ args: { note: 1 }, about: { context: value } }),
  "the middle of the context": (value) => ({ args: { note: 1 }, about: { context: { a: ["b", value] } } }),
};

describe.each(Object.entries(places))("in %s", (_, at) => {
  test.each(Object.entries(hostile))("%s is refused, and the thread goes on", async (__, value) => {
    expect(await refused(at(value()))).toBe(true);
  });

  test.each(Object.entries(harmless))("%s is recorded as it is", async (__, value) => {
    const { assent, thread } = filing(at(value));
    await thread.start();
    const { proposal } = await thread.asked();
    const { args, display } = (await assent.ledger.read(proposal))!.round;
    const drafted = at(value);
    expect(args).toEqual(drafted.args);
    expect(display.context).toEqual(drafted.about?.context ?? null);
    await thread.answer("approve");
    expect(await thread.outcome()).toMatchObject({ status: "executed" });
  });
});

describe("in place of", () => {
  const cannotStand: Record<string, (value: unknown) => Draft> = {
    "the arguments as a whole": (value) => ({ args: value }),
    "an amount": (value) => ({ args: { note: 1 }, about: { amount: value as never } }),
    "a confidence": (value) => ({ args: { note: 1 }, about: { confidence: value as never } }),
    tags: (value) => ({ args: { note: 1 }, about: { tags: value as never } }),
    "a declared fact": (value) => ({ args: { note: 1 }, about: { facts: { score: value as never } } }),
  };
  // These are texts or numbers, which some of the places may hold.
  const scalars = ["not a number", "an infinity", "an integer beyond exactness", "half a character", "ten megabytes"];
  const objects = Object.entries(hostile).filter(([name]) => !scalars.includes(name));

  test.each(Object.entries(cannotStand))("%s, no hostile object is taken", async (_, at) => {
    for (const [, value] of objects) expect(await refused(at(value()))).toBe(true);
  });

  test.each(["agent", "requestedBy", "key"])("the %s, nothing but a text is taken", async (name) => {
    for (const [, value] of objects)
      expect(await refused({ args: { note: 1 }, about: { [name]: value() } })).toBe(true);
    expect(await refused({ args: { note: 1 }, about: { [name]: hostile["ten megabytes"]!() } })).toBe(true);
    expect(await refused({ args: { note: 1 }, about: { [name]: "\udc00" } })).toBe(true);
  });

  test("the facts, nothing but a plain object is taken, and a giant text costs nothing", async () => {
    for (const facts of ["x".repeat(10_000_000), [1], new Map(), 5, Object.create({ amount: 1 }) as unknown]) {
      expect(await refused({ args: { note: 1 }, about: { facts: facts as never } })).toBe(true);
    }
    const record = { lc: 1, type: "constructor", id: ["x"], kwargs: "x" };
    expect(await refused({ args: { note: 1 }, about: { facts: record } })).toBe(true);
    expect(await refused({ args: { note: 1 }, about: { facts: hostile["a getter that throws"]!() as never } })).toBe(
      true,
    );
  });
});

describe("wherever in a value", () => {
  /** Stands for a hostile part until the value is built: the generator itself looks at what it generates. */
  class Slot {
    readonly name: string;

    constructor(name: string) {
      this.name = name;
    }
  }

  const leaf = fc.oneof(
    { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 2 }).filter((value) => isPlain(value)) },
    { weight: 1, arbitrary: fc.constantFrom(...Object.keys(hostile)).map((name) => new Slot(name)) },
  );
  const { plan } = fc.letrec((tie) => ({
    plan: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie("plan"), { maxLength: 4 }),
      fc.dictionary(fc.string({ maxLength: 8 }), tie("plan"), { maxKeys: 4 }),
    ),
  }));

  function built(part: unknown): unknown {
    if (part instanceof Slot) return hostile[part.name]!();
    if (Array.isArray(part)) return part.map(built);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, member]) => [key, built(member)]));
  }

  test("a hostile part is refused and a plain whole recorded; in either case the thread ends with one effect", async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (plan) => {
        const note = built(plan);
        if (!isPlain(note)) {
          expect(await refused({ args: { note } })).toBe(true);
          return;
        }
        const { filed, thread } = filing({ args: { note } });
        await thread.start();
        await thread.answer("approve");
        expect(filed).toHaveLength(1);
        expect(canonicalJson(filed[0])).toBe(canonicalJson(note));
      }),
      { numRuns: 100 },
    );
  });
});

function isPlain(value: unknown): boolean {
  try {
    canonicalJson(value);
    return true;
  } catch {
    return false;
  }
}
