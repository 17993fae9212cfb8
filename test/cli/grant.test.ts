import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { runCli } from "./run-cli.js";

let fresh: FreshSchema;
let graph: string;
let decider: string;
beforeAll(async () => {
  fresh = await freshSchema();
  [graph, decider] = [`${fresh.schema}_graph`, `${fresh.schema}_decider`];
});
afterAll(async () => {
  const { rows } = await fresh.pool.query<{ rolname: string }>("select rolname from pg_roles where rolname = any($1)", [
    [graph, decider],
  ]);
  for (const { rolname } of rows) await fresh.pool.query(`drop owned by ${rolname}; drop role ${rolname}`);
  await fresh.close();
});

/** Nothing listens there. */
const NOWHERE = "postgres://nobody:secret@127.0.0.1:1/nothing";

describe("assent grant", () => {
  test("has help, no wider than a terminal, that names the roles", async () => {
    const { code, stdout, stderr } = await runCli(["grant", "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: assent grant \[GRAPH DECIDER\] \[options\]\n/);
    for (const words of ["assent_graph", "assent_decider", "assent migrate"]) expect(stdout).toContain(words);
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  test.each([[["one"]], [["one", "two", "three"]]])("does not guess at %j", async (roles) => {
    const { code, stdout, stderr } = await runCli(["grant", ...roles], { url: NOWHERE });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("`grant` takes two roles, or none");
  });

  test("makes the roles that are missing, and says so; again it makes none", async () => {
    const { schema, url, pool } = fresh;
    const first = await runCli(["grant", graph, decider, "--schema", schema], { url });
    expect(first).toMatchObject({
      code: 0,
      stdout: `schema ${schema}: graph hosts ${graph}, deciders ${decider}; made ${graph}, ${decider}\n`,
    });
    const { rows } = await pool.query("select rolname, rolcanlogin from pg_roles where rolname = any($1) order by 1", [
      [graph, decider],
    ]);
    expect(rows).toEqual([
      { rolname: decider, rolcanlogin: false },
      { rolname: graph, rolcanlogin: false },
    ]);
    const again = await runCli(["grant", graph, decider, "--schema", schema], { url });
    expect(again.stdout).toBe(`schema ${schema}: graph hosts ${graph}, deciders ${decider}\n`);
    const json = await runCli(["grant", graph, decider, "--schema", schema, "--json"], { url });
    expect(JSON.parse(json.stdout)).toEqual({ schema, graph, decider, created: [] });
  });

  test("gives each role its own half of the ledger", async () => {
    const { schema, url, pool } = fresh;
    await runCli(["grant", graph, decider, "--schema", schema], { url });
    const may = async (role: string, right: string, table: string): Promise<unknown> => {
      const asked = await pool.query("select has_table_privilege($1, $2, $3) as may", [
        role,
        `${schema}.${table}`,
        right,
      ]);
      return (asked.rows as { may: boolean }[])[0]!.may;
    };
    expect(await may(decider, "insert", "decisions")).toBe(true);
    expect(await may(graph, "insert", "decisions")).toBe(false);
    for (const role of [graph, decider]) {
      expect(await may(role, "select", "proposals")).toBe(true);
      expect(await may(role, "delete", "proposals")).toBe(false);
    }
  });

  test("refuses one role for both halves, and names that are none", async () => {
    const { schema, url } = fresh;
    for (const roles of [
      [graph, graph],
      ["Not A Name", decider],
    ]) {
      const { code, stdout, stderr } = await runCli(["grant", ...roles, "--schema", schema], { url });
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain("[config_invalid]");
    }
  });

  test("needs the schema, and a Postgres that answers", async () => {
    const { url, schema } = fresh;
    const before = await runCli(["grant", graph, decider, "--schema", `${schema}_none`], { url });
    expect(before).toMatchObject({ code: 3, stdout: "" });
    expect(before.stderr).toContain("assent migrate");
    const away = await runCli(["grant"], { url: NOWHERE });
    expect(away).toMatchObject({ code: 3, stdout: "" });
    expect(away.stderr).not.toContain("secret");
  });
});
