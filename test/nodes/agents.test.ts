import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AssentError, createAuthenticator, memoryLedger } from "assent";
import type { Assent, Clock, Halt, HaltOptions, Identity, Ledger } from "assent";
import { checkAudit } from "assent/audit";
import { postgresLedger } from "assent/postgres";
import { manualClock } from "assent/testing";
import { auditKinds, askAlways, executeAlways, gated, type GatedOptions } from "../support/payments.js";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { Thread } from "../support/thread.js";

const { people, authenticator } = watch();

/** Two people who may halt. */
function watch() {
  const authenticator = createAuthenticator("watch", (identity: Identity) => identity);
  const as = (id: string) => authenticator.authenticate({ kind: "person", id, name: id.toUpperCase(), roles: [] });
  return { authenticator, people: { ana: () => as("ana"), bo: () => as("bo") } };
}

const watched = (options: GatedOptions = {}) =>
  gated({ policy: executeAlways, authenticators: [authenticator], ...options });
const order = async (more: Partial<HaltOptions> = {}): Promise<HaltOptions> => ({
  by: await people.ana(),
  reason: "Odd payments.",
  ...more,
});

describe("an agent that is paused", () => {
  test.each([{}, { agent: "agent" }, { action: "pay" }, { agent: "agent", action: "pay" }])(
    "runs nothing (%o): the error says who halted it and why, and the thread goes on after resume",
    async (scope) => {
      const { assent, thread, made } = watched();
      await assent.agents.pause(await order(scope));
      const halted = { code: "agent_halted", retryable: true, httpStatus: 409 };
      await expect(thread.start()).rejects.toMatchObject(halted);
      await expect(thread.goOn()).rejects.toThrow(/^ANA has paused .+: Odd payments .*resume the thread again$/);
      expect(made).toEqual([]);
      await assent.agents.resume(await order({ ...scope, by: await people.bo(), reason: "It was a drill." }));
      await thread.goOn();
      expect(made).toHaveLength(1);
      expect(await thread.outcome()).toMatchObject({ status: "executed", replayed: false });
      expect(await checkAudit(assent.ledger)).toMatchObject({ ok: true });
    },
  );

  test("is still routed, and people are still asked: what they approve runs once it may", async () => {
    const { assent, thread, made } = watched({ policy: askAlways });
    await assent.agents.pause(await order());
    await thread.start();
    expect(await thread.asked()).toMatchObject({ round: 1 });
    await expect(thread.answer("approve")).rejects.toMatchObject({ code: "agent_halted" });
    await assent.agents.resume(await order());
    await thread.goOn();
    expect(made).toHaveLength(1);
    expect(await auditKinds(assent)).toEqual(
      "halted proposed routed asked decided permitted lifted claimed executed".split(" "),
    );
  });

  test("goes on only after every halt that applies was lifted", async () => {
    const { assent, thread, made } = watched();
    for (const scope of [{}, { agent: "agent" }]) await assent.agents.pause(await order(scope));
    expect(await assent.agents.resume(await order({ action: "pay" }))).toBeNull();
    await assent.agents.resume(await order());
    await expect(thread.start()).rejects.toThrow(/agent \\?"agent/);
    await assent.agents.resume(await order({ agent: "agent" }));
    await thread.goOn();
    expect([made.length, await assent.agents.list()]).toEqual([1, []]);
  });

  test("does not stop another one, nor another action", async () => {
    const { assent, thread, made } = watched();
    await assent.agents.pause(await order({ agent: "somebody else" }));
    await thread.start();
    expect(made).toHaveLength(1);
  });
});

describe("an agent that is killed", () => {
  test("has its new proposals blocked, for good; what was permitted before runs after resume", async () => {
    const { assent, graph, thread: permitted, made } = watched();
    await assent.agents.pause(await order());
    await expect(permitted.start()).rejects.toMatchObject({ code: "agent_halted" });
    const kill = await assent.agents.kill(await order({ by: await people.bo(), reason: "It lies." }));
    expect(await assent.agents.list()).toEqual([kill]);
    await expect(permitted.goOn()).rejects.toThrow(/^BO has stopped everything: It lies/);
    const late = new Thread(graph);
    await late.start();
    expect(await late.outcome()).toMatchObject({ status: "blocked", reason: "BO has stopped everything: It lies.." });
    await assent.agents.resume(await order());
    await Promise.all([permitted.goOn(), late.goOn()]);
    expect(made).toHaveLength(1);
    expect([await permitted.outcome(), await late.outcome()]).toMatchObject([
      { status: "executed" },
      { status: "blocked" },
    ]);
    expect(await checkAudit(assent.ledger)).toMatchObject({ ok: true });
  });
});

describe("what was claimed before a halt", () => {
  /** A payment whose worker dies after its claim; the lease runs out on a thread that a person has halted since. */
  async function died(idempotent: boolean) {
    const clock = manualClock();
    const ledger = memoryLedger({ clock });
    const died = new Proxy(ledger, {
      get(target, key: keyof Ledger) {
        const member: unknown = target[key];
        if (typeof member !== "function") return member;
        return async (...args: unknown[]): Promise<unknown> => {
          const answer: unknown = await Reflect.apply(member, target, args);
          if (key === "claim") throw new AssentError("proposal_unknown", { what: "the worker died" });
          return answer;
        };
      },
    });
    const first = watched({ ledger: died, clock, idempotent });
    await expect(first.thread.start()).rejects.toMatchObject({ code: "proposal_unknown" });
    const second = watched({ ledger, clock, idempotent });
    await second.assent.agents.pause(await order());
    await clock.advance(60_000);
    const builder = second.built.compile({ checkpointer: first.checkpointer });
    return { ...second, thread: new Thread(builder, first.thread.id) };
  }

  test("is not taken over while the halt stands, and is afterwards", async () => {
    const { thread, assent, made } = await died(true);
    await expect(thread.goOn()).rejects.toMatchObject({ code: "agent_halted" });
    expect(made).toEqual([]);
    await assent.agents.resume(await order());
    await thread.goOn();
    expect([made.length, (await thread.outcome()).status]).toEqual([1, "executed"]);
  });

  test("is in doubt if it may not be repeated, halted or not", async () => {
    const { thread, made } = await died(false);
    await thread.goOn();
    expect([made.length, (await thread.outcome()).status]).toEqual([0, "in-doubt"]);
  });
});

describe("a halt that cannot be", () => {
  test("needs a principal of an accepted authenticator, a reason and an action that there is", async () => {
    const { assent } = watched();
    const { pause, kill, resume } = assent.agents;
    const forged = { kind: "person", id: "ana", name: "Ana", roles: [], authenticator: "watch", level: "system" };
    const stranger = await createAuthenticator("other", (identity: Identity) => identity).authenticate({
      kind: "person",
      id: "eve",
      name: "Eve",
      roles: [],
    });
    for (const call of [pause, kill, resume]) {
      for (const by of [forged, stranger, "ana", undefined]) {
        await expect(call(await order({ by: by as never }))).rejects.toMatchObject({ code: "principal_unverified" });
      }
      for (const reason of ["", " ", undefined, 7]) {
        await expect(call(await order({ reason: reason as never }))).rejects.toMatchObject({
          code: "decision_invalid",
        });
      }
      await expect(call(await order({ agent: 7 as never }))).rejects.toMatchObject({ code: "decision_invalid" });
      await expect(call(await order({ reason: "\0" }))).rejects.toMatchObject({ code: "json_invalid" });
    }
    for (const call of [pause, kill]) {
      await expect(call(await order({ action: "pya" }))).rejects.toMatchObject({ code: "action_unknown" });
    }
    expect(await resume(await order({ action: "pya" }))).toBeNull();
    expect([await assent.agents.list(), await auditKinds(assent)]).toEqual([[], []]);
  });
});

let fresh: FreshSchema;
beforeAll(async () => {
  fresh = await freshSchema({ connectionsMax: 8 });
});
afterAll(() => fresh.close());

const ledgers: Record<string, (clock?: Clock) => Ledger> = {
  memory: () => memoryLedger(),
  Postgres: () => postgresLedger({ pool: fresh.pool, schema: fresh.schema }),
};

/** Halts as soon as `count` claims are on their way. */
function haltsAtClaim(ledger: Ledger, count: number, halt: () => Promise<Halt>) {
  let claims = 0;
  let tell: (halted: Promise<Halt>) => void;
  const halted = new Promise<Halt>((resolve) => (tell = resolve));
  const watching = new Proxy(ledger, {
    get(target, key: keyof Ledger) {
      const member: unknown = target[key];
      if (typeof member !== "function") return member;
      return async (...args: unknown[]): Promise<unknown> => {
        const answer = Reflect.apply(member, target, args) as Promise<unknown>;
        if (key === "claim" && (claims += 1) === count) tell(halt());
        return answer;
      };
    },
  });
  return { watching, halted };
}

describe.each(Object.keys(ledgers))("a halt that races 16 claims, in %s", (kind) => {
  test.each([1, 8, 16])("lets nothing start after it was acknowledged (at claim %i)", async (count) => {
    const ledger = ledgers[kind]!();
    let assent: Assent | undefined;
    const action = `pay-${kind}-${count}`;
    const { watching, halted } = haltsAtClaim(ledger, count, async () => assent!.agents.pause(await order({ action })));
    const { graph, made, ...rest } = watched({ ledger: watching, name: action });
    assent = rest.assent;
    const from = (await ledger.auditHead()).seq;
    const threads = Array.from({ length: 16 }, () => new Thread(graph));
    const runs = Promise.allSettled(threads.map((thread) => thread.start()));
    await halted;
    const acknowledged = (await ledger.auditHead()).seq;
    const errors = (await runs).filter((run) => run.status === "rejected").map(({ reason }) => reason as AssentError);
    for (const error of errors) expect(error).toMatchObject({ code: "agent_halted" });
    const rows = await ledger.auditRows({ afterSeq: from, limit: 1_000 });
    const seqOfHalt = rows.find((row) => row.kind === "halted")!.seq;
    const claimed = rows.filter((row) => row.kind === "claimed");
    expect(seqOfHalt).toBeLessThanOrEqual(acknowledged);
    expect(claimed.every(({ seq }) => seq < seqOfHalt)).toBe(true);
    expect([made.length, errors.length]).toEqual([claimed.length, 16 - claimed.length]);
    await assent.agents.resume(await order({ action }));
    await Promise.all(threads.map(async (thread) => (await thread.finished()) || thread.goOn()));
    expect(new Set(made.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(16);
    expect(made).toHaveLength(16);
    expect(await checkAudit(ledger)).toMatchObject({ ok: true, problems: [] });
  });
});
