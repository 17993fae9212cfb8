import type { BaseCheckpointSaver } from "@langchain/langgraph";
import { expect, onTestFinished, test } from "vitest";
import { createAssent, type Assent, type Trust } from "assent";
import { testAuthenticator } from "assent/testing";
import { STORAGES, type Storage } from "../service/storages.js";
import { askAlways, payments, type PayArgs } from "../support/payments.js";
import { Thread } from "../support/thread.js";

/** What a graph with a gate is built from. */
export interface Parts {
  assent: Assent;
  pay: ReturnType<typeof payments>["pay"];
  checkpointer: BaseCheckpointSaver;
}

/** A graph that a gate stands in: how a process builds it when it starts, and what its threads bring. */
export interface Surroundings {
  build: (parts: Parts) => unknown;
  input?: Record<string, unknown>;
  /** What is proposed to the gates; each is asked about once. */
  proposed: readonly PayArgs[];
  /** The developer's own keys of the thread, once it has ended. */
  own?: Record<string, unknown>;
  /** How often somebody has to let the thread go on where the developer's own pauses stop it; none unless said. */
  stops?: number;
}

const inMemory = STORAGES.slice(0, 1);
/** In memory and on Postgres. */
export const everywhere = STORAGES;

/**
 * Tests that a gate works in its surroundings. Every answer comes to a process that has just started: nothing but the
 * storage is left of the one that asked.
 */
export function standsIn(around: Surroundings, storages: typeof STORAGES = inMemory): void {
  const cents = around.proposed.map((args) => args.cents).toSorted((a, b) => a - b);

  for (const { name, open } of storages) {
    test(`approving makes each payment once, ${name}`, async () => {
      const trial = await begin(around, await open());
      await trial.answerAll("approve");
      expect(trial.paid()).toEqual(cents);
      expect(await trial.ends()).toEqual(cents.map(() => "executed"));
      await trial.again("approve");
      expect(trial.paid()).toEqual(cents);
    });

    test(`rejecting makes none, ${name}`, async () => {
      const trial = await begin(around, await open());
      await trial.answerAll("reject");
      await trial.again("approve");
      expect(trial.paid()).toEqual([]);
      expect(await trial.ends()).toEqual(cents.map(() => "rejected"));
    });
  }

  test("decided in verified trust: whatever wakes the thread, each payment is made once", async () => {
    const trial = await begin(around, await STORAGES[0]!.open(), "verified");
    await trial.answerAll("approve");
    expect(await trial.ends()).toEqual(cents.map(() => "executed"));
    await trial.again("approve");
    expect(trial.paid()).toEqual(cents);
  });

  test("an answer that names no review makes one payment at the most, however often the thread goes on", async () => {
    const trial = await begin(around, await STORAGES[0]!.open());
    await trial.restarted().answer("approve");
    for (let times = 0; times < 3; times += 1) await trial.restarted().goOn();
    expect(trial.paid().length).toBeLessThanOrEqual(1);
    await trial.answerAll("reject");
    expect(trial.paid().length).toBeLessThanOrEqual(1);
  });
}

const people = testAuthenticator();

async function begin(around: Surroundings, storage: Storage, trust: Trust = "open") {
  const { build, input = {}, proposed, own = {}, stops = 0 } = around;
  onTestFinished(() => storage.close());
  const { pay, made } = payments();
  const threadId = crypto.randomUUID();
  const start = () => {
    const { ledger, checkpointer } = storage.elsewhere();
    const assent = createAssent({ actions: [pay], ledger, trust, authenticators: [people], policy: askAlways });
    return { assent, ledger, thread: new Thread(build({ assent, pay, checkpointer }), threadId) };
  };
  const restarted = (): Thread => start().thread;
  const { ledger, thread } = start();
  await thread.start(input);
  for (let stop = 0; stop < stops; stop += 1) {
    expect(await restarted().pending()).toEqual([]);
    await restarted().goOn();
  }

  return {
    restarted,
    paid: () => made.map(({ args }) => args.cents).toSorted((a, b) => a - b),

    /** Answers one question after the other, each by its interrupt and its review, until nobody is asked any more. */
    async answerAll(type: "approve" | "reject"): Promise<void> {
      for (;;) {
        const [asked] = await restarted().pending();
        if (asked === undefined) break;
        expect(proposed).toContainEqual(asked.value.args);
        const before = made.length;
        const { review, digest } = asked.value;
        if (trust === "verified") {
          const by = await people.authenticate({ id: "ana" });
          await start().assent.reviews.decide(review, { by, decision: type, digest });
        }
        await restarted().answer({ [asked.id]: trust === "open" ? { type, review } : "decided" });
        expect(made.slice(before).map(({ args }) => args)).toEqual(type === "approve" ? [asked.value.args] : []);
      }
      expect(await restarted().finished()).toBe(true);
      expect((await restarted().state()).values).toMatchObject(own);
    },

    /** Everything that somebody may still do to a thread that has ended. */
    async again(type: "approve" | "reject"): Promise<void> {
      const reviews = (await ledger.cases({ afterId: "", limit: 1_000 })).map(
        ({ review }) => review?.address.interruptId,
      );
      for (const id of reviews)
        await restarted()
          .answer({ [id!]: { type } })
          .catch(() => null);
      await restarted()
        .answer(type)
        .catch(() => null);
      await restarted().goOn();
    },

    /** How the cases ended, each asked about once: that many reviews, and none asked again. */
    async ends(): Promise<(string | undefined)[]> {
      const cases = await ledger.cases({ afterId: "", limit: 1_000 });
      expect(cases.map(({ round }) => round.round)).toEqual(cases.map(() => 1));
      const asked = (await ledger.auditRows({ afterSeq: 0, limit: 10_000 })).filter(({ kind }) => kind === "asked");
      expect(asked).toHaveLength(proposed.length);
      return cases.map(({ outcome }) => outcome?.status);
    },
  };
}
