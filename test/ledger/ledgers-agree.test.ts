import assert from "node:assert/strict";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkAudit } from "../../src/audit/index.js";
import type { Ledger } from "../../src/ledger/ledger.js";
import { memoryLedger } from "../../src/ledger/memory/memory-ledger.js";
import { postgresLedger } from "../../src/ledger/postgres/postgres-ledger.js";
import type { Case } from "../../src/model/case.js";
import { moment } from "../../src/testing/ledger-contract/specimens.js";
import { manualClock } from "../../src/testing/manual-clock.js";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { answerOf, anyOperation, Callers, type Operation } from "./operations.js";

const clock = manualClock(moment(0));
let fresh: FreshSchema;
let memory: Ledger;
let postgres: Ledger;
beforeAll(async () => {
  fresh = await freshSchema({ connectionsMax: 8 });
  memory = memoryLedger({ clock });
  postgres = postgresLedger({ ...fresh, clock });
});
afterAll(() => fresh.close());

interface Model {
  callers: Callers;
  now: number;
}
interface Ledgers {
  memory: Ledger;
  postgres: Ledger;
}

/** One operation, done by both ledgers. */
class Both implements fc.AsyncCommand<Model, Ledgers> {
  readonly operation: Operation;

  constructor(operation: Operation) {
    this.operation = operation;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, ledgers: Ledgers): Promise<void> {
    const { callers } = model;
    model.now += 2;
    await clock.advance(2_000);
    const call = callers.call(this.operation, model.now);
    if (call === null) return;
    const expected = await answerOf(call, ledgers.memory);
    assert.deepEqual(await answerOf(call, ledgers.postgres), expected);
    assert.deepEqual(await ledgers.postgres.auditHead(), await ledgers.memory.auditHead());
    callers.saw(this.operation.key, await ledgers.memory.read(callers.proposalId(this.operation.key)));
  }

  toString(): string {
    return JSON.stringify(this.operation);
  }
}

describe("any sequence of calls", () => {
  it("has the same answers and leaves the same log in memory and in Postgres, and the log checks out", async () => {
    let threads = 0;
    const real = { memory, postgres };
    const commands = fc.commands([anyOperation.map((operation) => new Both(operation))], {
      maxCommands: 24,
      size: "max",
    });
    await fc.assert(
      fc.asyncProperty(commands, async (sequence) => {
        threads += 1;
        const model = { callers: new Callers(`thread-${threads}`), now: 0 };
        for (const key of ["a", "b"]) await new Both({ name: "propose", key, pick: 1, staleness: 0 }).run(model, real);
        await fc.asyncModelRun(() => ({ model, real }), sequence);
      }),
      { numRuns: 50 },
    );
    const read = { afterSeq: 0, limit: 1_000_000 };
    const rows = await memory.auditRows(read);
    expect(await postgres.auditRows(read)).toEqual(rows);
    // Ten kinds there are; that nearly all come up shows that the sequences get somewhere.
    expect(new Set(rows.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(8);
    const page = { afterId: "", limit: 1_000_000 };
    expect(await postgres.cases(page)).toEqual(await memory.cases(page));
    expect(await postgres.closedCases(page)).toEqual(await memory.closedCases(page));
    expect(await postgres.stages(page)).toEqual(await memory.stages(page));
    expect(await postgres.undelivered({ limit: 1_000_000 })).toEqual(await memory.undelivered({ limit: 1_000_000 }));
    expect(await postgres.reviews({ limit: 1_000_000 })).toEqual(await memory.reviews({ limit: 1_000_000 }));
    for (const ledger of [memory, postgres]) {
      expect(await checkAudit(ledger)).toMatchObject({ ok: true, problems: [], rows: rows.length });
    }
  });

  it("made by several callers at once leaves a log that checks out, and no case twice permitted or ended", async () => {
    let threads = 0;
    const waves = fc.array(fc.array(anyOperation, { minLength: 1, maxLength: 8 }), { minLength: 4, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(waves, async (sequence) => {
        threads += 1;
        const callers = new Callers(`racing-${threads}`);
        for (const key of ["a", "b"]) {
          const call = callers.call({ name: "propose", key, pick: 1, staleness: 0 }, 0);
          if (call !== null) callers.saw(key, (await call(postgres)) as Case);
        }
        for (const [wave, operations] of sequence.entries()) {
          const calls = operations.map((operation) => callers.call(operation, wave * 2));
          await Promise.all(calls.map(async (call) => (call === null ? null : answerOf(call, postgres))));
          for (const key of ["a", "b"]) callers.saw(key, await postgres.read(callers.proposalId(key)));
        }
      }),
      { numRuns: 20 },
    );
    expect(await checkAudit(postgres)).toMatchObject({ ok: true, problems: [] });
    const { rows } = await fresh.pool.query(`
      select proposal_id, round from ${fresh.schema}.permits group by 1, 2 having count(*) > 1
      union all select proposal_id, 0 from ${fresh.schema}.audit_log
      where kind in ('executed', 'failed', 'closed') group by 1 having count(*) > 1`);
    expect(rows).toEqual([]);
  });
});
