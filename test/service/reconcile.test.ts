import { MemorySaver } from "@langchain/langgraph";
import { memoryLedger } from "assent";
import { describe, expect, test } from "vitest";
import { Reconciliation } from "../../src/service/reconcile.js";
import { decideNext, desk } from "./desk.js";

const HOUR_LATER = new Date(Date.now() + 3_600_000);

/** A desk, and what compares its ledger with its threads; `delivered` are the threads that it wants delivered to. */
function reconciled() {
  const at = desk({ checkpointer: new MemorySaver(), ledger: memoryLedger() });
  const delivered: string[] = [];
  const reconciliation = new Reconciliation({
    ledger: at.assent.ledger,
    threads: at.threads,
    graceMs: 60_000,
    pagesMax: 2,
    tell: () => {},
    deliver: async (threadId) => void delivered.push(threadId),
  });
  return { ...at, delivered, reconciliation };
}

describe("comparing the ledger with its threads", () => {
  test("hands over at once what is undelivered, and what stays so after longer each time", async () => {
    const { assent, delivery, thread, delivered, reconciliation } = reconciled();
    await delivery.start(thread.id, {});
    await decideNext(assent, thread.id);
    const goes: number[] = [];
    for (let go = 1; go <= 20; go += 1) {
      await reconciliation.next(HOUR_LATER);
      goes.push(delivered.splice(0).length);
    }
    expect(goes.flatMap((count, index) => (count === 0 ? [] : [index + 1]))).toEqual([1, 2, 4, 8, 16]);
  });

  test("hands over again at once what was delivered in between", async () => {
    const { assent, delivery, thread, delivered, reconciliation } = reconciled();
    const another = async (threadId: string): Promise<void> => {
      await delivery.start(threadId, {});
      await decideNext(assent, threadId);
    };
    await another(thread.id);
    await reconciliation.next(HOUR_LATER);
    await delivery.deliver(thread.id);
    await another("another");
    await reconciliation.next(HOUR_LATER);
    expect(delivered).toEqual([thread.id, "another"]);
  });

  test("looks at every open review, some pages at a time", async () => {
    const { delivery, threads, reconciliation } = reconciled();
    const looked = new Set<string>();
    const { state } = threads;
    threads.state = (threadId) => {
      looked.add(threadId);
      return state(threadId);
    };
    const ids = Array.from({ length: 450 }, (_, nth) => `thread ${nth}`);
    for (const id of ids) await delivery.start(id, {});
    looked.clear();
    const place = await reconciliation.next(HOUR_LATER);
    expect(looked.size).toBe(400);
    expect(place.open).toBeDefined();
    const end = await reconciliation.next(HOUR_LATER, place);
    expect(looked.size).toBe(450);
    expect(end).toEqual({ open: undefined, withdrawn: undefined });
  });
});
