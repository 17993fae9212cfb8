import { userInfo } from "node:os";
import { visibleText, type Case, type Ledger } from "assent";
import { postgresLedger } from "assent/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { openProject, type Project } from "./configured.js";
import { HOSTILE, officeText, waiting } from "./review-office.js";
import { runCli, type Ran } from "./run-cli.js";

const ME = userInfo().username;

let fresh: FreshSchema;
let ledger: Ledger;
let project: Project;
beforeAll(async () => {
  fresh = await freshSchema();
  ledger = postgresLedger(fresh);
  project = openProject();
  project.write("assent.config.ts", officeText(fresh));
  project.write("open.config.ts", officeText({ ...fresh, trust: "open", policy: TWO }));
});
afterAll(async () => {
  project.remove();
  await fresh.close();
});

const TWO = {
  default: {
    route: "review",
    review: { quorum: "two-person", within: "PT1H", otherwise: "escalate", escalateTo: [{ by: [{ person: "boss" }] }] },
  },
} as const;

const review = (...words: string[]): Promise<Ran> => runCli(["review", ...words], { cwd: project.folder });

async function decisions(id: string): Promise<Case["decisions"]> {
  return (await ledger.review(id))!.case.decisions;
}

describe("assent review approve, reject, modify, answer", () => {
  test("approve writes the OS user's decision, signed, and saying it again changes nothing", async () => {
    const { id, digest } = await waiting(ledger);
    const words = ["approve", id.slice(0, 20), "--digest", digest, "--note", "seen", "--reason-code", "ok"];
    const first = await review(...words);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(
      /^You approved: Refund 1250 cents on order A-1\nIt may run\. A worker, or whoever runs thread/,
    );
    expect(await decisions(id)).toMatchObject([
      {
        verdict: "approve",
        by: { id: ME, authenticator: "local-user", level: "system" },
        note: "seen",
        reasonCode: "ok",
        signatures: [{ keyid: expect.any(String) as string }],
      },
    ]);
    const again = await review("approve", id, ...words.slice(2));
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("You had said so before; nothing has changed.");
    expect(await decisions(id)).toHaveLength(1);
  });

  test("reject ends the case, and prints text alone", async () => {
    const { id, digest } = await waiting(ledger, { summary: HOSTILE, args: { order: HOSTILE, cents: 2 } });
    const { code, stdout } = await review("reject", id, "--digest", digest, "--note", "no");
    expect(code).toBe(0);
    expect(stdout).toContain("The case has ended as rejected.");
    expect(stdout.split("\n").filter((line) => visibleText(line) !== line || line.length > 80)).toEqual([]);
    expect(stdout).toContain("⟦U+202E⟧");
  });

  test("modify takes the whole new arguments, from the command or a file", async () => {
    const [inline, fromFile] = [await waiting(ledger), await waiting(ledger)];
    project.write("new.json", JSON.stringify({ order: "A-1", cents: 100 }));
    const json = ["modify", inline.id, "--digest", inline.digest, "--args", '{"order":"A-1","cents":90}', "--json"];
    const [one, other] = await Promise.all([
      review(...json),
      review("modify", fromFile.id, "--digest", fromFile.digest, "--args", "@new.json"),
    ]);
    expect(one.code).toBe(0);
    expect(JSON.parse(one.stdout)).toMatchObject({
      ok: true,
      reviewId: inline.id,
      decision: { verdict: "modify", by: { id: ME } },
      repeated: false,
      isOpen: false,
      round: 2,
      isPermitted: true,
      outcome: null,
    });
    expect(other.stdout).toContain("You modified it to: Refund 100 cents on order A-1\nIt may run.");
    const wrong = await waiting(ledger);
    const tooMuch = await review("modify", wrong.id, "--digest", wrong.digest, "--args", '{"order":"A-1","cents":1e9}');
    expect(tooMuch).toMatchObject({ code: 1, stdout: "" });
    expect(tooMuch.stderr).toContain("[args_invalid]");
  });

  test("answer takes JSON", async () => {
    const options = { action: "ask", kind: "question", args: { question: "When?" }, summary: "Ask: When?" } as const;
    const { id, digest } = await waiting(ledger, options);
    const { code, stdout } = await review("answer", id, "--digest", digest, "--answer", '"Tuesday"');
    expect({ code, stdout: stdout.split("\n")[0] }).toEqual({ code: 0, stdout: "You answered: Ask: When?" });
    expect((await ledger.review(id))!.case.round.args).toEqual({ question: "When?", answer: "Tuesday" });
  });
});

describe("a decision that is refused", () => {
  test("ends with 1, says why, and decides nothing", async () => {
    const forOthers = { default: { route: "review", review: { by: [{ role: "manager" }] } } } as const;
    const [others, one, late] = [
      await waiting(ledger, { policy: forOthers }),
      await waiting(ledger),
      await waiting(ledger),
    ];
    await fresh.pool.query(
      "update reviews set deadline_at = now() - interval '1 minute', otherwise = 'reject' where id = $1",
      [late.id],
    );
    const [forbidden, elsewhere, escalated, tooLate] = await Promise.all([
      review("approve", others.id, "--digest", others.digest),
      review("approve", one.id, "--digest", others.digest),
      review("escalate", one.id, "--digest", one.digest, "--json"),
      review("approve", late.id, "--digest", late.digest),
    ]);
    expect([forbidden, elsewhere, escalated, tooLate].map(({ code }) => code)).toEqual([1, 1, 1, 1]);
    expect(forbidden.stderr).toContain(`${ME} is none of those who may decide: role manager`);
    expect(elsewhere.stderr).toContain("[digest_mismatch]");
    expect(JSON.parse(escalated.stdout)).toMatchObject({ ok: false, error: "decision_invalid" });
    expect(tooLate.stderr).toContain("[review_expired]");
    for (const { id } of [others, one, late]) expect(await decisions(id)).toEqual([]);
    await review("reject", one.id, "--digest", one.digest);
    const closed = await review("approve", one.id, "--digest", one.digest);
    expect(closed).toMatchObject({ code: 1, stdout: "" });
    expect(closed.stderr).toContain(`${ME} already decided: reject`);
  });

  test("says that the configuration does not accept the OS user, or that the database is away", async () => {
    const { id, digest } = await waiting(ledger);
    project.write("others.config.ts", officeText({ ...fresh, authenticators: "[testAuthenticator()]" }));
    const url = "postgres://nobody:secret@127.0.0.1:1/nothing";
    project.write("away.config.ts", officeText({ url, schema: fresh.schema }));
    const [others, away] = await Promise.all(
      ["others", "away"].map((name) => review("approve", id, "--digest", digest, "--config", `${name}.config.ts`)),
    );
    expect(others).toMatchObject({ code: 1, stdout: "" });
    expect(others!.stderr).toContain("Add localUser to the `authenticators` of createAssent");
    expect(away).toMatchObject({ code: 3, stdout: "" });
    expect(await decisions(id)).toEqual([]);
  });
});

describe("a vote", () => {
  test("stays open until others have voted, and says so", async () => {
    const options = { policy: TWO, trust: "open" } as const;
    const [vote, other] = [await waiting(ledger, options), await waiting(ledger, options)];
    const open = ["--config", "open.config.ts"];
    const [approved, abstained] = await Promise.all([
      review("approve", vote.id, "--digest", vote.digest, ...open),
      review("abstain", other.id, "--digest", other.digest, "--json", ...open),
    ]);
    expect(approved).toMatchObject({ code: 0, stderr: "" });
    expect(approved.stdout).toContain(
      "You approved: Refund 1250 cents on order A-1\nIt is still open: others have to decide, too",
    );
    expect(JSON.parse(abstained.stdout)).toMatchObject({ ok: true, isOpen: true, isPermitted: false });
    const twice = await review("reject", vote.id, "--digest", vote.digest, ...open);
    expect(twice).toMatchObject({ code: 1 });
    expect(twice.stderr).toContain(`${ME} has voted on this`);
    const escalated = await review("escalate", vote.id, "--digest", vote.digest, ...open);
    expect(escalated.stdout).toContain(
      "You handed on: Refund 1250 cents on order A-1\nIt is open: the people of the next step decide.",
    );
  });
});

describe("assent review claim, release, snooze", () => {
  test("say who looks at it, and until when it is put aside", async () => {
    const { id } = await waiting(ledger);
    const claimed = await review("claim", id, "--minutes", "30");
    expect(claimed).toMatchObject({ code: 0, stderr: "" });
    const item = await ledger.queueItem(id);
    expect(item?.claim?.by).toBe(ME);
    expect(claimed.stdout).toContain(`You look at ${id} until`);
    expect(claimed.stdout.replaceAll(/\s+/g, " ")).toContain(item!.claim!.until);
    const released = await review("release", id.slice(0, 16), "--json");
    expect(JSON.parse(released.stdout)).toMatchObject({ id, claim: null });
    const until = new Date(Date.now() + 7_200_000).toISOString();
    const snoozed = await review("snooze", id, "--until", until);
    expect(snoozed.stdout.replaceAll(/\s+/g, " ")).toContain(`${id} is put aside until ${until}: Refund`);
    // What is put aside is found by the beginning of its id, too.
    const again = await review("snooze", id.slice(0, 16), "--until", "PT4H", "--json");
    const { snoozedUntil } = JSON.parse(again.stdout) as { snoozedUntil: string };
    expect(Date.parse(snoozedUntil) - Date.now()).toBeGreaterThan(3.9 * 3_600_000);
    expect([snoozed.stderr, again.stderr]).toEqual(["", ""]);
  });

  test.each(["now", "2020-01-01T00:00:00Z"])("snooze --until %s ends it at once, without a worker", async (until) => {
    const { id } = await waiting(ledger);
    await review("snooze", id, "--until", "PT4H");
    expect((await ledger.queueItem(id))?.snoozedUntil).not.toBeNull();
    const { code, stdout, stderr } = await review("snooze", id, "--until", until);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`${id} is put aside no more: Refund`);
    expect((await ledger.queueItem(id))?.snoozedUntil).toBeNull();
    const { items } = await ledger.queue({ filter: {}, order: "oldest", limit: 500 });
    expect(items.map((item) => item.id)).toContain(id);
  });

  test("snooze warns where the deadline comes first", async () => {
    const { id } = await waiting(ledger, { withinMs: 3_600_000 });
    const [late, soon] = [
      await review("snooze", id, "--until", "PT4H", "--json"),
      await review("snooze", id, "--until", "PT1M"),
    ];
    expect(late.code).toBe(0);
    const { deadlineAt } = JSON.parse(late.stdout) as { deadlineAt: string };
    expect(late.stderr.replaceAll(/\s+/g, " ")).toContain(`Warning: its deadline comes first, at ${deadlineAt}`);
    expect(late.stderr.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(soon).toMatchObject({ code: 0, stderr: "" });
  });

  test("end with 1 where somebody else looks at it, and where it is decided", async () => {
    const { id } = await waiting(ledger);
    const at = new Date().toISOString();
    await ledger.handle({ reviewId: id, handling: { what: "claim", leaseMs: 60_000 }, by: "bo", at });
    const [claimed, snoozed, unknown] = await Promise.all([
      review("claim", id),
      review("snooze", id, "--until", "PT1H", "--json"),
      review("release", `rv_${"0".repeat(32)}`),
    ]);
    expect(claimed).toMatchObject({ code: 1, stdout: "" });
    expect(claimed.stderr).toContain("bo looks at it");
    expect(snoozed.code).toBe(1);
    expect(JSON.parse(snoozed.stdout)).toMatchObject({ ok: false, error: "review_claimed" });
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain("No open review has this id");
  });
});
