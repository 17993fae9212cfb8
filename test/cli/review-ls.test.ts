import { userInfo } from "node:os";
import { visibleText, type Ledger } from "assent";
import { postgresLedger } from "assent/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seedQueue } from "../bench/seeded-queue.js";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { openProject, type Project } from "./configured.js";
import { HOSTILE, officeText, waiting } from "./review-office.js";
import { runCli, type Ran } from "./run-cli.js";

const ME = userInfo().username;

let fresh: FreshSchema;
let project: Project;
let ledger: Ledger;
const ids: Record<string, string> = {};
beforeAll(async () => {
  fresh = await freshSchema();
  project = openProject();
  project.write("assent.config.ts", officeText(fresh));
  ledger = postgresLedger(fresh);
  const by = (...selectors: object[]) => ({ default: { route: "review", review: { by: selectors } } }) as never;
  const put = async (name: string, options: Parameters<typeof waiting>[1]): Promise<void> => {
    ids[name] = (await waiting(ledger, options)).id;
  };
  await put("soon", {
    withinMs: 600_000,
    agent: "billing",
    facts: { risk: 0.9, amount: { value: 12.5, currency: "USD" } },
  });
  await put("twin", { args: { order: "B", cents: 1 }, summary: "Refund 1 cent on order B", facts: { risk: 0.2 } });
  await put("other", { args: { order: "B", cents: 1 }, summary: "Refund 1 cent on order B", facts: { risk: 0.2 } });
  await put("hostile", {
    agent: HOSTILE,
    summary: HOSTILE,
    context: HOSTILE,
    requestedBy: ME,
    args: { order: "C", cents: 2 },
  });
  await put("mine", { policy: by({ person: ME }), args: { order: "漢字漢字", cents: 3 }, summary: "漢字".repeat(40) });
  await put("theirs", {
    policy: by({ role: "manager" }),
    action: "ask",
    kind: "question",
    args: { question: "?" },
    summary: "Ask: ?",
  });
  await ledger.register({
    reviewer: {
      id: "zoe",
      name: "Zoe",
      roles: ["manager"],
      groups: [],
      licences: [],
      training: [],
      away: null,
      active: true,
    },
    by: { kind: "person", id: "zoe", name: "Zoe", roles: [], authenticator: "test", level: "system" },
    reason: "new",
    at: new Date().toISOString(),
  });
  const at = new Date().toISOString();
  await ledger.handle({ reviewId: ids["theirs"]!, handling: { what: "assign", to: "zoe" }, by: "zoe", at });
  await ledger.handle({ reviewId: ids["theirs"]!, handling: { what: "claim", leaseMs: 600_000 }, by: "bo", at });
});
afterAll(async () => {
  project.remove();
  await fresh.close();
});

const ls = (...words: string[]): Promise<Ran> => runCli(["review", "ls", ...words], { cwd: project.folder });

/** The names that the tests have for what a page lists. */
async function listed(...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await ls("--json", ...words);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const { items } = JSON.parse(stdout) as { items: { id: string }[] };
  return items.map(({ id }) => Object.keys(ids).find((name) => ids[name] === id)!);
}

describe("assent review ls", () => {
  test("shows what waits in 80 columns, whatever an agent wrote", async () => {
    const { code, stdout, stderr } = await ls();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(/^ {2}URGENCY +ID +WAITS +DUE +ACTION +AGENT +RISK +AMOUNT +WHOSE$/);
    expect(lines[1]).toMatch(
      new RegExp(`^  now +${ids["soon"]!.slice(0, 11)} +\\d+s +(9|10)m +refund +billing +0\\.90 +12\\.5 USD +-$`),
    );
    expect(lines[2]).toBe("    Refund 1250 cents on order A-1");
    expect(stdout).toContain("┌ 2 of one group: the same action with the same arguments\n│ later");
    expect(stdout).toMatch(/│ later .+\n│ {3}Refund 1 cent.+\n│ later .+\n└ {3}Refund 1 cent/);
    expect(stdout).toMatch(/ zoe \*bo\n/);
    expect(stdout).toContain("6 reviews here, 6 in all.\n* looks at it now.\n");
    expect(stdout).toContain("⟦U+001B⟧[2J⟦U+202E⟧");
    expect(lines.filter((line) => visibleText(line) !== line)).toEqual([]);
    expect(lines.filter((line) => /^(You|│ rv_)/.test(line))).toEqual([]);
    // Characters that a terminal draws twice as wide count twice.
    const wide = lines.find((line) => line.includes("漢字"))!;
    expect(wide.trim().replaceAll(/[漢字]/g, "xx").length).toBeLessThanOrEqual(78);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  test("shows what is asked for", async () => {
    expect(await listed("--agent", "billing")).toEqual(["soon"]);
    expect(await listed("--action", "ask", "--kind", "question")).toEqual(["theirs"]);
    expect(await listed("--assignee", "zoe")).toEqual(["theirs"]);
    expect(await listed("--assignee", "-", "--order", "oldest")).toEqual(["soon", "twin", "other", "hostile", "mine"]);
  });

  test("shows it in the order that is asked for, and to whom it is for", async () => {
    expect(await listed("--risk-at-least", "0.5", "--order", "risk", "--action", "refund")).toEqual([
      "hostile",
      "mine",
      "soon",
    ]);
    // Not what asks for others, nor what one has asked for oneself.
    expect(await listed("--mine", "--order", "oldest")).toEqual(["soon", "twin", "other", "mine"]);
  });

  test("gives pages, and where the next one begins", async () => {
    const { stdout } = await ls("--order", "oldest", "--limit", "4");
    expect(stdout).toContain("4 reviews here, 6 in all.");
    const [, cursor] = /\n--cursor (\S+)\n/.exec(stdout) ?? [];
    expect(await listed("--order", "oldest", "--cursor", cursor!)).toEqual(["mine", "theirs"]);
    const elsewhere = await ls("--order", "risk", "--cursor", cursor!);
    expect(elsewhere).toMatchObject({ code: 2, stdout: "" });
    expect(elsewhere.stderr).toContain("not where a page of this order ended");
    const { stdout: json } = await ls("--json", "--limit", "1");
    expect(JSON.parse(json)).toMatchObject({
      items: [{ id: ids["soon"], urgency: "now" }],
      next: expect.any(String) as string,
      isCapped: false,
      total: { count: 6, isExact: true },
    });
  });

  test("says that nothing waits", async () => {
    expect(await ls("--agent", "nobody")).toEqual({ code: 0, stdout: "0 reviews here, 0 in all.\n", stderr: "" });
  });

  test("shows what is put aside where that is asked for, and says else how many are", async () => {
    const until = new Date(Date.now() + 7_200_000).toISOString();
    const at = new Date().toISOString();
    await ledger.handle({ reviewId: ids["twin"]!, handling: { what: "snooze", until }, by: "bo", at });
    try {
      const [plain, aside, json] = [await ls(), await ls("--snoozed"), await ls("--json")];
      expect(plain.stdout).toContain("5 reviews here, 5 in all.\nBesides, put aside: 1; --snoozed shows them.\n");
      expect(plain.stdout).not.toContain("ASIDE");
      expect(JSON.parse(json.stdout)).toMatchObject({ total: { count: 5 }, aside: { count: 1, isExact: true } });
      expect(await listed("--snoozed")).toEqual(["twin"]);
      expect(await listed("--snoozed", "--agent", "billing")).toEqual([]);
      expect(aside.stdout).toMatch(/DUE +ASIDE +ACTION/);
      expect(aside.stdout).toMatch(/ - +(1|2)h +refund /);
      expect(aside.stdout).toContain("1 review here, 1 put aside.\n");
      expect(aside.stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    } finally {
      const past = new Date(Date.now() - 60_000).toISOString();
      await ledger.handle({ reviewId: ids["twin"]!, handling: { what: "snooze", until: past }, by: "bo", at });
      await ledger.refreshQueue();
    }
  });

  test("--mine says that the configuration knows no users of this system", async () => {
    project.write("others.config.ts", officeText({ ...fresh, authenticators: "[testAuthenticator()]" }));
    const { code, stdout, stderr } = await ls("--mine", "--config", "others.config.ts");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("Add localUser to the `authenticators` of createAssent");
  });

  test("says that the database is away, and whose it is", async () => {
    const url = "postgres://nobody:secret@127.0.0.1:1/nothing";
    project.write("away.config.ts", officeText({ url, schema: fresh.schema }));
    const { code, stdout, stderr } = await ls("--config", "away.config.ts");
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain("[ledger_unavailable]\nIt is the database that the configuration gives its ledger");
    expect(stderr).not.toContain("secret");
  });
});

describe("where more waits than is looked at", () => {
  let large: FreshSchema;
  beforeAll(async () => {
    large = await freshSchema();
    await seedQueue(large.pool, large.schema, 20_100, () => {});
    project.write("large.config.ts", officeText(large));
  });
  afterAll(() => large.close());

  test("it says so", async () => {
    const all = await ls("--config", "large.config.ts", "--limit", "1");
    expect(all.stdout).toContain("1 review here, more than 10,000 in all.");
    const none = await ls("--config", "large.config.ts", "--agent", "nobody");
    expect(none.stdout).toContain("It looked at the first 20,000 of this order only; more may follow.\n");
    expect(none.stdout).toMatch(/\n--cursor \S+\n$/);
  });

  test("an abbreviated id is looked for that far", async () => {
    const claim = (id: string): Promise<Ran> =>
      runCli(["review", "claim", id, "--config", "large.config.ts"], { cwd: project.folder });
    const [none, several] = await Promise.all([claim("rv_ffffff"), claim("rv_000199")]);
    expect(none).toMatchObject({ code: 1, stdout: "" });
    expect(none.stderr).toContain("No open review among the first 20000 of the queue has an id that begins so");
    expect(several).toMatchObject({ code: 2, stdout: "" });
    expect(several.stderr).toContain("Several open reviews have ids that begin so");
  });
});
