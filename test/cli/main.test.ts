import { readFileSync } from "node:fs";
import { visibleText, type Case } from "assent";
import { postgresLedger } from "assent/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { ana, office, openReviews } from "./reviewing.js";
import { runCli, type Ran } from "./run-cli.js";

/** Nothing listens there. */
const NOWHERE = "postgres://nobody:secret@127.0.0.1:1/nothing";

describe("the command line", () => {
  test("has help, for people who ask and for those who did not", async () => {
    const [asked, about, nothing] = await Promise.all([
      runCli(["--help"]),
      runCli(["audit", "show", "-h"]),
      runCli([]),
    ]);
    expect(asked).toMatchObject({ code: 0, stderr: "" });
    for (const words of ["migrate", "audit show ID", "audit check", "--json", "DATABASE_URL", "Exit codes"]) {
      expect(asked.stdout).toContain(words);
    }
    expect(about).toMatchObject({ code: 0, stderr: "" });
    expect(about.stdout).toMatch(/^Usage: assent audit show ID /);
    expect(nothing).toEqual({ code: 2, stdout: "", stderr: asked.stdout });
    const wide = [asked, about].flatMap(({ stdout }) => stdout.split("\n")).filter((line) => line.length > 80);
    expect(wide).toEqual([]);
  });

  test.each(["policy", "audit", "keys", "review"])("has help for the commands of %s", async (group) => {
    const { code, stdout, stderr } = await runCli([group, "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const listed = stdout.split("\n").filter((line) => line.startsWith("  "));
    expect(listed.length).toBeGreaterThan(1);
    expect(listed.filter((line) => !line.startsWith(`  ${group} `))).toEqual([]);
  });

  test("has the package's version", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect(await runCli(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test.each([
    [["frobnicate"], 'there is no command "frobnicate"'],
    [["polcy"], 'there is no command "polcy"; did you mean "policy"? `assent --help` lists them. [usage]\n'],
    [["audit"], "Usage: assent audit <command>"],
    [
      ["review", "approv", "rv_1", "--digest", "d"],
      'there is no command "review approv"; did you mean "review approve"? `assent review --help` lists them. [usage]\n',
    ],
    [
      ["migrate", "--jsn"],
      "`migrate` takes no --jsn. Did you mean --json? `assent migrate --help` lists the options [usage]",
    ],
    [["review", "ls", "--limit"], "`assent review ls --help` lists the options [usage]"],
    [["migrate", "--strict"], "`migrate` takes no --strict. `assent migrate --help` lists the options [usage]"],
    [["audit", "check", "all"], "`audit check` takes no words"],
    [["audit", "show"], "Name exactly one case"],
    [["audit", "show", "a", "b"], "Name exactly one case"],
    [["migrate", "now"], "`migrate` takes no words"],
    [["migrate", "--frobnicate"], "--frobnicate"],
  ])("does not guess at %j", async (args, said) => {
    const { code, stdout, stderr } = await runCli(args, { url: NOWHERE });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(said);
    expect(stderr).not.toContain("    at ");
  });

  test.each([[["migrate"]], [["audit", "check", "--json"]]])(
    "says that Postgres does not answer (%j)",
    async (args) => {
      const { code, stdout, stderr } = await runCli(args, { url: NOWHERE });
      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      expect(stderr).toMatch(
        /^assent: Postgres does not answer \(at postgres:\/\/nobody:\*\*\*@127\.0\.0\.1:1\/nothing\).*DATABASE_URL.*\n$/,
      );
      expect(stderr).not.toContain("secret");
    },
  );
});

describe("assent migrate", () => {
  let fresh: FreshSchema;
  beforeAll(async () => {
    fresh = await freshSchema({ migrated: false });
  });
  afterAll(() => fresh.close());

  test("makes the schema, and the second time finds nothing to do", async () => {
    const { schema, url } = fresh;
    const before = await runCli(["audit", "check", "--schema", schema], { url });
    expect(before).toMatchObject({ code: 3, stdout: "" });
    expect(before.stderr).toContain("assent migrate");
    const first = await runCli(["migrate", "--schema", schema], { url });
    expect(first.stdout).toMatch(new RegExp(`^schema ${schema}: applied .+; now at \\d+\\n$`));
    const second = await runCli(["migrate", "--schema", schema], { url });
    expect(second.stdout).toMatch(new RegExp(`^schema ${schema}: nothing to do; now at \\d+\\n$`));
    const third = await runCli(["migrate", "--json", "--schema", schema], { url });
    expect(JSON.parse(third.stdout)).toMatchObject({ schema, applied: [] });
    expect([first, second, third].map(({ code }) => code)).toEqual([0, 0, 0]);
  });

  test("refuses a name that is none", async () => {
    const { code, stderr } = await runCli(["migrate", "--schema", 'a"b'], { url: fresh.url });
    expect(code).toBe(2);
    expect(stderr).toContain("schema");
  });
});

describe("assent audit", () => {
  const evil = "\u001b[2J\u202eApproved\n\nReviewer  nobody";
  let fresh: FreshSchema;
  let closed: Case;
  let open: Case;
  beforeAll(async () => {
    fresh = await freshSchema();
    const { assent, propose } = office({ ledger: postgresLedger({ pool: fresh.pool, schema: fresh.schema }) });
    const thread = await propose({ to: evil, cents: 5 });
    const { review } = (await openReviews(assent))[0]!;
    await assent.reviews.decide(review.id, { by: ana, decision: "approve", digest: review.digest, note: "seen it" });
    await thread.goOn();
    await propose({ to: "bo", cents: 6 });
    const cases = await assent.ledger.cases({ afterId: "", limit: 9 });
    closed = cases.find(({ outcome }) => outcome !== null)!;
    open = cases.find(({ outcome }) => outcome === null)!;
  });
  afterAll(() => fresh.close());

  const audit = (...words: string[]): Promise<Ran> =>
    runCli(["audit", ...words, "--schema", fresh.schema], { url: fresh.url });

  test("shows a case by its own id, its proposal's and its review's", async () => {
    const ids = [closed.outcome!.auditId, closed.proposal.id, closed.review!.id];
    const [byCase, ...others] = await Promise.all(ids.map((id) => audit("show", id)));
    expect(byCase).toMatchObject({ code: 0, stderr: "" });
    expect(others).toEqual([byCase, byCase]);
    for (const words of [closed.outcome!.auditId, closed.proposal.id, "Ana Ruiz", "approve", "seen it", "executed"]) {
      expect(byCase!.stdout).toContain(words);
    }
    // Nothing that the agent wrote is obeyed by a terminal or passes for a line of ours.
    expect(visibleText(byCase!.stdout)).toBe(byCase!.stdout);
    expect(byCase!.stdout.split("\n").filter((line) => /^\s{0,2}Reviewer/.test(line))).toHaveLength(1);
    expect(byCase!.stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  test("shows an open case", async () => {
    const { code, stdout } = await audit("show", open.review!.id);
    expect(code).toBe(0);
    expect(stdout).toContain("Pay 6 cents to bo");
  });

  test("prints one JSON value where that is asked for", async () => {
    const [shown, checked] = await Promise.all([audit("show", closed.proposal.id, "--json"), audit("check", "--json")]);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      auditId: closed.outcome!.auditId,
      record: { human_intervention: { reviewer: "Ana Ruiz", decision: "approve" } },
      integrity: "matches",
    });
    expect(JSON.parse(checked.stdout)).toMatchObject({ ok: true, cases: 2, problems: [] });
    expect([shown.code, checked.code, shown.stderr, checked.stderr]).toEqual([0, 0, "", ""]);
  });

  test.each(["au_0123456789abcdef0123456789abcdef", "pr_none", "rv_none", "nonsense"])(
    "finds nothing under %s",
    async (id) => {
      const { code, stdout, stderr } = await audit("show", id);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain(id);
    },
  );

  test("ends as it would have where whoever reads it stops reading", async () => {
    const ran = await runCli(["audit", "show", closed.proposal.id, "--schema", fresh.schema], {
      url: fresh.url,
      unread: true,
    });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
  });

  test("checks out, until a row is altered behind the ledger's back", async () => {
    const before = await audit("check");
    expect(before).toMatchObject({ code: 0, stderr: "" });
    expect(before.stdout).toMatch(/^\d+ rows, 2 cases: all check out\n$/);
    await fresh.pool.query(
      `begin; set local session_replication_role = replica;
       update ${fresh.schema}.audit_log set entry = replace(entry, 'seen it', 'seen\u001b[2J') where kind = 'decided'; commit`,
    );
    const after = await audit("check");
    expect(after.code).toBe(1);
    expect(after.stdout).toMatch(/^row \d+, au_[0-9a-f]+: /m);
    expect(after.stdout).toMatch(/BROKEN\n$/);
    expect(visibleText(after.stdout)).toBe(after.stdout);
    const unread = await runCli(["audit", "check", "--schema", fresh.schema], { url: fresh.url, unread: true });
    expect(unread.code).toBe(1);
  });
});
