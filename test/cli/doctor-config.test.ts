import { emptyCheckpoint } from "@langchain/langgraph";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { postgresLedger } from "assent/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jobsSchema } from "../../src/ledger/postgres/schema.js";
import { asked, decided } from "../../src/testing/ledger-contract/specimens.js";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { clockFinding } from "../../src/cli/config-checks.js";
import { configText, openProject, type Project } from "./configured.js";
import { runCli, type RunOptions } from "./run-cli.js";

let fresh: FreshSchema;
let project: Project;
beforeAll(async () => {
  fresh = await freshSchema();
  await new PostgresSaver(fresh.pool, undefined, { schema: fresh.schema }).setup();
  project = openProject();
  project.write("assent.config.ts", configText(fresh.url, fresh.schema));
});
afterAll(async () => {
  project.remove();
  await fresh.close();
});

interface Told {
  ok: boolean;
  graphs: { graph: string; gates: number; findings: { name: string }[] }[];
  config: { config: string; loaded: boolean; findings: { name: string; severity: string; what: string }[] };
}

async function doctor(words: string[] = [], options: RunOptions = {}): Promise<Told & { code: number | null }> {
  const { code, stdout } = await runCli(["doctor", "--json", ...words], { cwd: project.folder, ...options });
  return { code, ...(JSON.parse(stdout) as Told) };
}

const names = ({ config }: Told): string[] => config.findings.map(({ name }) => name);

describe("assent doctor, where there is a configuration", () => {
  test("finds nothing where all is fine, and looks at its graphs", async () => {
    const told = await doctor();
    expect(told.config).toEqual({ config: "assent.config.ts", loaded: true, findings: [] });
    expect(told.graphs).toMatchObject([{ graph: "graph", gates: 1 }]);
    const { stdout } = await runCli(["doctor"], { cwd: project.folder });
    expect(stdout).toContain("assent.config.ts\n  fine\n");
  });

  test("says what is undelivered, and what keeps failing", async () => {
    const ledger = postgresLedger(fresh);
    await decided(ledger, await asked(ledger), "approve");
    expect(names(await doctor())).toEqual(["undelivered"]);
    await fresh.pool.query(
      `update ${jobsSchema(fresh.schema)}._private_jobs set attempts = 3, last_error = 'no such host'`,
    );
    const told = await doctor();
    expect(names(told)).toEqual(["deliveries-failing", "undelivered"]);
    expect(told.config.findings[0]!.what).toBe("1 delivery failed; the last one: no such host");
    expect(told).toMatchObject({ ok: false, code: 1 });
  });

  test("says what is not migrated", async () => {
    project.write("elsewhere.config.ts", configText(fresh.url, `${fresh.schema}_none`));
    const told = await doctor(["--config", "elsewhere.config.ts"]);
    expect(names(told)).toEqual(["migration-missing", "migration-missing", "checkpoints-unreadable"]);
    expect(told.config.findings.map(({ severity }) => severity)).toEqual(["error", "error", "error"]);
    expect(told.code).toBe(1);
  });

  test("says that the database is away", async () => {
    const nowhere = "postgres://nobody:secret@127.0.0.1:1/nothing";
    project.write("away.config.ts", configText(nowhere, fresh.schema));
    const told = await doctor(["--config", "away.config.ts"]);
    expect(names(told)).toEqual(["database-unreachable", "checkpoints-unreadable"]);
    expect(JSON.stringify(told)).not.toContain("secret");
  });

  test("looks at the database of DATABASE_URL where the configuration has no pool", async () => {
    project.write("poolless.config.ts", configText(fresh.url, fresh.schema, "pool: undefined as never"));
    expect(names(await doctor(["--config", "poolless.config.ts"]))).toEqual(["database-unsaid"]);
    expect(names(await doctor(["--config", "poolless.config.ts"], { url: fresh.url }))).not.toContain(
      "database-unsaid",
    );
  });

  describe("of the checkpoints of threads that wait", () => {
    let apart: FreshSchema;
    let saver: PostgresSaver;
    let threadIds: string[];
    beforeAll(async () => {
      apart = await freshSchema();
      saver = new PostgresSaver(apart.pool, undefined, { schema: apart.schema });
      await saver.setup();
      const ledger = postgresLedger(apart);
      threadIds = ["thread-1", "thread-2", "thread-3"];
      for (const threadId of threadIds) await asked(ledger, { threadId });
      project.write("waiting.config.ts", configText(apart.url, apart.schema));
    });
    afterAll(() => apart.close());

    const look = () => doctor(["--config", "waiting.config.ts"]);
    const put = (threadId: string, v: number) =>
      saver.put(
        { configurable: { thread_id: threadId, checkpoint_ns: "" } },
        { ...emptyCheckpoint(), v },
        { source: "loop", step: 1, parents: {} },
        {},
      );

    test("says of how many there is none, as a worker would withdraw their reviews", async () => {
      await put(threadIds[0]!, 4);
      const told = await look();
      expect(told.config.findings).toMatchObject([{ name: "checkpoints-missing", severity: "warning" }]);
      const what = `2 of 3 threads with open reviews that were looked at, such as ${threadIds[1]}: nothing is kept`;
      expect(told.config.findings[0]!.what).toContain(what);
      expect(told.code).toBe(1);
    });

    test("finds nothing where each is there, of the version that this LangGraph writes", async () => {
      for (const threadId of threadIds) await put(threadId, emptyCheckpoint().v);
      expect(await look()).toMatchObject({ code: 0, config: { findings: [] } });
    });

    test("says which are of an older version, which is no error, and which of a newer, which is one", async () => {
      await put(threadIds[0]!, 1);
      await put(threadIds[1]!, 3);
      const older = await look();
      expect(older).toMatchObject({ code: 0, config: { findings: [{ name: "checkpoints-older", severity: "note" }] } });
      expect(older.config.findings[0]!.what).toMatch(
        /^2 waiting threads, such as .*, with checkpoints of version 1, 3:/,
      );
      await put(threadIds[2]!, 5);
      const newer = await look();
      expect(newer.code).toBe(1);
      expect(newer.config.findings).toMatchObject([
        { name: "checkpoints-newer", severity: "error", where: "graph graph" },
        { name: "checkpoints-older" },
      ]);
      expect(newer.config.findings[0]!.what).toContain(`1 waiting thread, such as ${threadIds[2]},`);
    });

    test("says of those elsewhere which are not there, and which cannot be looked at", async () => {
      const more = `graphs: {}, threads: {
        async state(threadId: string) {
          if (threadId === "thread-1") throw new Error("no such host");
          return { status: threadId === "thread-2" ? "waiting" : "new", pending: [], movedAt: null };
        },
      } as never`;
      project.write("reached.config.ts", configText(apart.url, apart.schema, more));
      const told = await doctor(["--config", "reached.config.ts"]);
      expect(told.code).toBe(1);
      expect(told.config.findings).toMatchObject([
        {
          name: "threads-unreadable",
          what: "1 of 3 threads with open reviews cannot be looked at, such as thread-1: no such host",
        },
        { name: "checkpoints-missing", what: expect.stringMatching(/^1 of 2 threads .* such as thread-3: /) },
      ]);
    });

    test("says which one cannot be read", async () => {
      await apart.pool.query(`update ${apart.schema}.checkpoints set checkpoint = 'null' where thread_id = $1`, [
        threadIds[1],
      ]);
      const told = await look();
      expect(names(told)).toEqual(["checkpoints-unreadable"]);
      expect(told.config.findings[0]!.what).toContain(`The checkpoint of thread ${threadIds[1]} cannot be read`);
    });
  });

  test("says that the threads' server does not answer", async () => {
    const more = 'threads: langgraphThreads({ url: "http://127.0.0.1:1" })';
    const text = configText(fresh.url, fresh.schema, more).replace(
      "{ defineConfig }",
      "{ defineConfig, langgraphThreads }",
    );
    project.write("remote.config.ts", text);
    const told = await doctor(["--config", "remote.config.ts"]);
    expect(names(told)).toContain("threads-unreachable");
  });

  test("says that a configuration cannot be loaded, with 3", async () => {
    project.write("broken.config.ts", "export default 5;");
    const told = await doctor(["--config", "broken.config.ts"]);
    expect(told).toMatchObject({ ok: false, code: 3, graphs: [], config: { loaded: false } });
    expect(names(told)).toEqual(["cannot-load"]);
  });
});

test.each([
  [900, 900, null],
  [1_500, 900, null],
  [1_500, 1_200, "warning"],
  [-45_000, 44_000, "error"],
])("a clock that is %d ms behind, by %d at least, is told as %s", (behindMs, certainlyMs, severity) => {
  const finding = clockFinding(behindMs, certainlyMs);
  expect(finding?.severity ?? null).toBe(severity);
  if (finding !== null) expect(finding.what).toContain(behindMs > 0 ? "1.5 s behind" : "45.0 s ahead of");
});
