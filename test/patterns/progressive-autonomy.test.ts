import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import {
  createAssent,
  memoryLedger,
  policy,
  progressiveAutonomy,
  rollingAccuracy,
  STAGE_TABLE,
  type Assent,
  type AssentOptions,
  type Ledger,
  type Route,
  type Stage,
  type StageTable,
} from "assent";
import { checkAudit } from "assent/audit";
import { postgresLedger } from "assent/postgres";
import { testAuthenticator } from "assent/testing";
import { ROUTES } from "../../src/model/routing.js";
import { asked, decideRequest } from "../../src/testing/ledger-contract/specimens.js";
import { executeAlways, gated, payments } from "../support/payments.js";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { Thread } from "../support/thread.js";

const people = testAuthenticator();
const cy = await people.authenticate({ id: "cy", roles: ["owner"] });
const why = { by: cy, reason: "We know it." };
const SURE = { confidence: 0.95, risk: 0.1 };

let fresh: FreshSchema;
beforeAll(async () => {
  fresh = await freshSchema({ connectionsMax: 8 });
});
afterAll(() => fresh.close());

interface TrialOptions extends Partial<Omit<AssentOptions, "actions">> {
  table?: StageTable;
  /** The action's name; each has its own stage. */
  name?: string;
}

let trials = 0;

/** An agent called `agent` that proposes payments to a gate, one on each thread. */
function trial({ table, name = `pay-${(trials += 1)}`, ...options }: TrialOptions = {}) {
  const { pay, made } = payments({ name });
  const assent = createAssent({
    actions: [pay],
    policy: executeAlways,
    ledger: memoryLedger(),
    trust: "open",
    authenticators: [people],
    ...options,
  });
  const pattern = (): ReturnType<typeof progressiveAutonomy> => progressiveAutonomy(assent, table && { table });
  const start = async (about: object = SURE): Promise<Thread> => {
    const { graph } = gated({ on: { assent, pay }, pattern, proposals: [[{ to: "bo", cents: 500 }, about]] });
    const thread = new Thread(graph);
    await thread.start();
    return thread;
  };
  const answer = async (resume: unknown, about: object = SURE): Promise<Thread> => {
    const thread = await start(about);
    await thread.answer(resume);
    return thread;
  };
  const stage = async (): Promise<Stage> => (await assent.autonomy.stage("agent", name)).stage;
  return { assent, made, name, start, answer, stage };
}

/** What became of a case on its own: how it ended, or that a person was asked. */
async function fate(thread: Thread): Promise<string> {
  const [outcome] = await thread.outcomes();
  if (outcome === undefined) return "asked";
  return outcome.status === "executed" && outcome.flagged ? "flagged" : outcome.status;
}

const LEDGERS: [string, () => Ledger][] = [
  ["memory", () => memoryLedger()],
  ["Postgres", () => postgresLedger(fresh)],
];

describe.each(LEDGERS)("with a %s ledger", (kind, open) => {
  it.each<[Stage, string, string, string, string]>([
    [1, "held", "held", "held", "held"],
    [2, "flagged", "asked", "flagged", "asked"],
    [3, "flagged", "asked", "asked", "asked"],
    [4, "executed", "executed", "executed", "asked"],
    [5, "executed", "executed", "executed", "asked"],
  ])(
    "at stage %i a sure case is %s, an unsure one %s, a risky one %s and one without facts %s",
    async (stage, ...expected) => {
      const { assent, name, start, made } = trial({ ledger: open() });
      await assent.autonomy.setStage("agent", name, stage, why);
      const fates: string[] = [];
      for (const about of [SURE, { confidence: 0.6, risk: 0.1 }, { confidence: 0.95, risk: 0.6 }, {}]) {
        const thread = await start(about);
        const held = await assent.ledger.read((await thread.state()).values["proposals"][0]);
        expect(held?.round.routing?.stage).toBe(stage);
        fates.push(held?.round.routing?.route === "suggest" ? "held" : await fate(thread));
      }
      expect(fates).toEqual(expected);
      expect(made).toHaveLength(fates.filter((each) => each === "flagged" || each === "executed").length);
    },
  );

  it("never acts at stage 1, whatever people say", async () => {
    const { answer, made } = trial({ ledger: open() });
    const said = ["approve", { type: "modify", args: { to: "bo", cents: 1 } }, { type: "reject", message: "no" }];
    const ends: (string | undefined)[] = [];
    for (const each of said) ends.push((await (await answer(each)).outcomes())[0]?.status);
    expect(ends).toEqual(["suggested", "suggested", "rejected"]);
    expect(made).toHaveLength(0);
  });

  it("moves up after more than 1,000 judged cases, 100 for each further step, and down when too many are wrong", async () => {
    const ledger = open();
    const { name, answer, start, stage, made, assent } = trial({ ledger });
    await (kind === "memory" ? seedMemory(ledger, name, 1_000) : seedPostgres(name, 1_000));
    expect(await stage()).toBe(1);
    await answer("approve");
    expect(await stage()).toBe(2);
    await start();
    expect(made).toHaveLength(1);

    const unsure = { confidence: 0.5, risk: 0.1 };
    await answer("approve", unsure);
    expect(await assent.autonomy.stage("agent", name)).toMatchObject({ stage: 2, judged: 1_002, judgedSince: 1 });
    for (let wrong = 0; wrong < 15; wrong += 1) await answer({ type: "reject", message: "no" }, unsure);
    expect(await stage()).toBe(2);
    await answer({ type: "reject", message: "no" }, unsure);
    expect(await stage()).toBe(1);
    await start();
    expect(made).toHaveLength(2);
  });

  it("goes up one step at a time, to the ceiling and no further, and says so in a log that checks out", async () => {
    const ledger = open();
    const stageRule = rollingAccuracy({ window: 2, judgedOver: 1 });
    const { assent, name, answer, stage } = trial({
      ledger,
      stageRule,
      policy: policy({ default: { route: "review" } }),
    });
    await assent.autonomy.setCeiling("agent", name, 3, why);
    const seen: Stage[] = [];
    for (let round = 0; round < 8; round += 1) {
      await answer("approve");
      seen.push(await stage());
    }
    expect(seen).toEqual([1, 2, 2, 3, 3, 3, 3, 3]);
    await assent.autonomy.setCeiling("agent", name, 2, why);
    expect(await stage()).toBe(2);
    if (kind === "memory") expect(await checkAudit(ledger)).toMatchObject({ ok: true, problems: [] });
  });
});

/** Cases that people approved, through the ledger. */
async function seedMemory(ledger: Ledger, action: string, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const held = await asked(ledger, { key: `seed-${n}`, agent: "agent", action, trust: "open", threadId: "seeded" });
    expect((await ledger.decide(decideRequest(held, "approve"))).ok).toBe(true);
  }
}

/** The same as rows: what counts are the decisions that the ledger holds. */
async function seedPostgres(action: string, count: number): Promise<void> {
  const ids = "select n, $1 || '-' || n as id from generate_series(1, $2::int) n";
  const values = [action, count];
  await fresh.pool.query(
    `insert into proposals (id, thread_id, action, agent, trust, round, proposed_at)
     select id, 'seeded', $1, 'agent', 'open', 1, now() from (${ids}) i`,
    values,
  );
  await fresh.pool.query(
    `insert into rounds (proposal_id, round, args, args_digest, facts, display, display_digest)
     select id, 1, '{}', '', '{}', '{}', '' from (${ids}) i`,
    values,
  );
  await fresh.pool.query(
    `insert into reviews (id, proposal_id, round, kind, status, version, digest, gate, thread_id, checkpoint_ns,
       checkpoint_id, interrupt_id, asks, asked_at)
     select 'rv-' || id, id, 1, 'approval', 'decided', 2, '', 'gate', 'seeded', '', '', '', 1, now() from (${ids}) i`,
    values,
  );
  await fresh.pool.query(
    `insert into decisions (id, proposal_id, review_id, round, verdict, principal, args_digest, statement, decided_at)
     select 'dc-' || id, id, 'rv-' || id, 1, 'approve', '{"kind":"person","level":"system"}', '', '', now()
     from (${ids}) i`,
    values,
  );
}

describe("a stage that changes", () => {
  test("stops at the claim what was let through before and has not run", async () => {
    const ledger = memoryLedger();
    let assent: Assent | undefined;
    const interfering = new Proxy(ledger, {
      get(target, name: keyof Ledger) {
        const member: unknown = target[name];
        if (name !== "route") return typeof member === "function" ? (member.bind(target) as unknown) : member;
        return async (request: Parameters<Ledger["route"]>[0]) => {
          const routed = await target.route(request);
          if (request.round === 1) await assent?.autonomy.setStage("agent", "pay", 1, why);
          return routed;
        };
      },
    });
    const { start, made, ...rest } = trial({ name: "pay", ledger: interfering });
    assent = rest.assent;
    await assent.autonomy.setStage("agent", "pay", 5, why);
    const thread = await start();
    expect(made).toHaveLength(0);
    expect(await thread.asked()).toMatchObject({ round: 2 });
  });

  test("takes back an approval that an agent which only suggests could not have used", async () => {
    const { assent, name, start, made } = trial({ policy: policy({ default: { route: "review" } }) });
    await assent.autonomy.setStage("agent", name, 4, why);
    const thread = await start();
    await assent.autonomy.setStage("agent", name, 1, why);
    await thread.answer("approve");
    expect(made).toHaveLength(0);
    expect(await thread.asked()).toMatchObject({ round: 2 });
  });

  test("is moved by decisions in verified trust, made through another Assent on the same ledger", async () => {
    const ledger = memoryLedger();
    const stageRule = rollingAccuracy({ window: 1, judgedOver: 0 });
    const setUp = { ledger, trust: "verified", stageRule } as const;
    const host = trial({ ...setUp, name: "wire" });
    const desk = trial({ ...setUp, name: "wire" }).assent;
    await host.start();
    const [item] = (await desk.reviews.list()).items;
    await desk.reviews.decide(item!.review.id, { by: cy, decision: "approve", digest: item!.review.digest });
    expect(await desk.autonomy.stage("agent", "wire")).toMatchObject({ trust: "verified", stage: 2, recent: [true] });
    expect(await ledger.stage({ agent: "agent", action: "wire", trust: "open" })).toMatchObject({ judged: 0 });
  });

  test("is not moved where no gate goes by stages", async () => {
    const { pay } = payments({});
    const stageRule = rollingAccuracy({ window: 1, judgedOver: 0 });
    const assent = createAssent({
      actions: [pay],
      policy: policy({ default: { route: "review" } }),
      ledger: memoryLedger(),
      trust: "open",
      stageRule,
    });
    const { thread } = gated({ on: { assent, pay } });
    await thread.start();
    await thread.answer("approve");
    expect(await assent.autonomy.stage("agent", "pay")).toMatchObject({ stage: 1, judged: 1, changed: null });
  });
});

describe("assent.autonomy", () => {
  const { assent } = trial();
  const refused = (work: () => Promise<unknown>, code: string) => expect(work()).rejects.toMatchObject({ code });

  it("listens to people only, of accepted authenticators, who say why", async () => {
    expect.hasAssertions();
    const bot = await people.authenticate({ id: "bot", kind: "service" });
    const stranger = await testAuthenticator().authenticate({ id: "cy" });
    await refused(() => assent.autonomy.setStage("agent", "pay", 2, { by: bot, reason: "So." }), "not_allowed");
    await refused(
      () => assent.autonomy.setCeiling("agent", "pay", 2, { by: stranger, reason: "So." }),
      "principal_unverified",
    );
    await refused(
      () => assent.autonomy.setCeiling("agent", "pay", 2, { by: { ...cy }, reason: "So." }),
      "principal_unverified",
    );
    await refused(() => assent.autonomy.setStage("agent", "pay", 2, { by: cy, reason: " " }), "stage_invalid");
  });

  it.each([0, 6, 1.5, Number.NaN, "3", null])("knows no stage %j", async (stage) => {
    expect.hasAssertions();
    await refused(() => assent.autonomy.setStage("agent", "pay", stage as Stage, why), "stage_invalid");
    await refused(() => assent.autonomy.setCeiling("agent", "pay", stage as Stage, why), "stage_invalid");
  });

  it("sets no stage above the ceiling", async () => {
    await assent.autonomy.setCeiling("agent", "other", 2, why);
    await refused(() => assent.autonomy.setStage("agent", "other", 3, why), "stage_invalid");
    expect(await assent.autonomy.setStage("agent", "other", 2, why)).toMatchObject({
      stage: 2,
      ceiling: 2,
      changed: { by: { id: "cy" }, reason: "We know it." },
    });
  });
});

test("a table that cannot be used is refused when the gate is built", () => {
  const { assent } = trial();
  const table = STAGE_TABLE.toReversed() as unknown as StageTable;
  expect(() => progressiveAutonomy(assent, { table }).build("gate")).toThrow(
    expect.objectContaining({ code: "gate_invalid" }),
  );
});

test("whatever the table and the stage, no case goes where the policy would not let it go", async () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const limit = fc.option(share, { nil: undefined });
  const needs = fc.oneof(
    fc.constant("all" as const),
    fc.tuple(limit, limit).map(([confidenceBelow, riskAbove]) => ({
      ...(confidenceBelow === undefined ? {} : { confidenceBelow }),
      ...(riskAbove === undefined ? {} : { riskAbove }),
    })),
  );
  const row = fc.record({
    needs,
    asks: fc.constantFrom("review", "suggest"),
    passes: fc.constantFrom("execute", "flag"),
  });
  const routes = ROUTES.filter((route) => route !== "veto");
  const facts = fc.record({ confidence: share, risk: share }, { requiredKeys: [] });
  const stages = fc.constantFrom<Stage>(1, 2, 3, 4, 5);
  await fc.assert(
    fc.asyncProperty(row, fc.constantFrom<Route>(...routes), stages, facts, async (meaning, route, stage, about) => {
      const table = STAGE_TABLE.map((each) => ({ ...each, ...meaning })) as unknown as StageTable;
      const { assent, name, start } = trial({ table, policy: policy({ default: { route } }) });
      await assent.autonomy.setStage("agent", name, stage, why);
      await start(about);
      const [held] = await assent.ledger.cases({ afterId: "", limit: 1 });
      const routed = held?.round.routing;
      expect(routed?.stage).toBe(stage);
      expect(ROUTES.indexOf(routed?.route ?? "execute")).toBeGreaterThanOrEqual(ROUTES.indexOf(route));
      if (held?.outcome?.status === "executed") expect(["execute", "flag"]).toContain(route);
    }),
    { numRuns: 60 },
  );
});
