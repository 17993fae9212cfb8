import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { openPostgres } from "assent/postgres";
import { expect, inject, test } from "vitest";

test("keeps connections for minutes, since new ones are slow to begin with", async () => {
  const postgres = await openPostgres({ url: inject("postgresUrl") });
  try {
    for (const { options } of [postgres.pool, postgres.anotherPool()]) {
      expect(options.idleTimeoutMillis).toBeGreaterThanOrEqual(60_000);
    }
  } finally {
    await postgres.close();
  }
});

test("kept connections hold up no program that has come to its end without closing them", async () => {
  const program = `
    import { openPostgres } from "assent/postgres";
    const { pool, anotherPool } = await openPostgres({ url: ${JSON.stringify(inject("postgresUrl"))} });
    for (const each of [pool, anotherPool()]) await each.query("select 1");
    console.log("done");
  `;
  const cwd = dirname(inject("installedModules"));
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], { cwd });
  expect(stdout).toBe("done\n");
});

test.each(["notaurl", "http://127.0.0.1:2024", "localhost:5432", "mysql://secret@127.0.0.1/x", "secret", " "])(
  "refuses %j before it connects, and tells nothing that may be a secret",
  async (url) => {
    const refused = await openPostgres({ url }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "config_invalid", message: expect.stringContaining("DATABASE_URL") });
    expect(String(refused)).not.toContain("secret");
  },
);

test.each([
  "postgresql://nobody:secret@127.0.0.1:1/nothing",
  "POSTGRES://nobody@127.0.0.1:1/nothing",
  "/nowhere nothing",
])("tries to connect to %j", async (url) => {
  await expect(openPostgres({ url })).rejects.toMatchObject({ code: "postgres_unavailable" });
});
