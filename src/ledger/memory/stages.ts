import type { StageChange } from "../../autonomy/stage-change.js";
import { FIRST_STAGE, RECENT_MAX, type Held, type StageRecord } from "../../autonomy/stage-record.js";
import { stageId, type StageKey } from "../../model/stage.js";

/** What a memory ledger keeps of stages. */
export class MemoryStages {
  readonly #held = new Map<string, Held & { of: StageKey; changed: StageRecord["changed"] }>();
  /** Whether the agent was right, in the order in which people judged. */
  readonly #judged = new Map<string, boolean[]>();

  /** One stage; with `judgement`, as it is once that is counted. */
  record(of: StageKey, judgement: boolean | null = null): StageRecord {
    const id = stageId(of);
    const held = this.#held.get(id);
    const { stage, ceiling, judgedBefore } = held ?? FIRST_STAGE;
    const known = this.#judged.get(id) ?? [];
    const more = judgement === null ? [] : [judgement];
    const judged = known.length + more.length;
    const recent = [...known.slice(-RECENT_MAX), ...more].slice(-RECENT_MAX);
    const changed = structuredClone(held?.changed ?? null);
    const { agent, action, trust } = of;
    const counted = { judged, judgedSince: judged - judgedBefore, recent };
    return { id, agent, action, trust, stage, ceiling, ...counted, changed };
  }

  judge(of: StageKey, right: boolean): void {
    const id = stageId(of);
    const judged = this.#judged.get(id) ?? [];
    judged.push(right);
    this.#judged.set(id, judged);
  }

  change({ of, to, by, reason, at }: StageChange): void {
    this.#held.set(stageId(of), structuredClone({ of, ...to, changed: { by, reason, at } }));
  }

  /** Stages that were ever changed, in the order of their ids. */
  list(afterId: string, limit: number): StageRecord[] {
    return [...this.#held]
      .filter(([id]) => id > afterId)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit)
      .map(([, { of }]) => this.record(of));
  }
}
