import { userInfo } from "node:os";
import { visibleText, type Case } from "assent";
import { postgresLedger } from "assent/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decided, reviewer } from "../../src/testing/ledger-contract/specimens.js";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { openProject, type Project } from "./configured.js";
import { HOSTILE, officeText, waiting } from "./review-office.js";
import { runCli, type Ran } from "./run-cli.js";

const ME = userInfo().username;

type Review = NonNullable<Case["review"]>;

const TWO = {
  default: {
    route: "review",
    review: { by: [{ role: "manager" }], quorum: "two-person", reasonCodes: ["checked", "fraud"] },
  },
} as const;

let fresh: FreshSchema;
let project: Project;
let vote: Review;
let over: Review;
let hostile: Review;
/** The user of this system has voted on it, and somebody else still has to. */
let voted: Review;
beforeAll(async () => {
  fresh = await freshSchema();
  project = openProject();
  project.write("assent.config.ts", officeText(fresh));
  const ledger = postgresLedger(fresh);
  vote = await waiting(ledger, {
    policy: TWO,
    facts: { risk: 0.4, tags: ["vip"] },
    context: { why: "They asked twice." },
  });
  const held = await ledger.review(vote.id);
  await decided(ledger, held!.case, "approve", { note: "Early bird" });
  voted = await waiting(ledger, { policy: { default: { route: "review", review: { quorum: "two-person" } } } });
  const mine = await ledger.review(voted.id);
  await decided(ledger, mine!.case, "approve", { by: reviewer(ME) });
  over = await waiting(ledger);
  const other = await ledger.review(over.id);
  await decided(ledger, other!.case, "reject", { note: "Too much" });
  hostile = await waiting(ledger, {
    agent: HOSTILE,
    requestedBy: "x".repeat(300),
    summary: HOSTILE,
    context: { [HOSTILE]: HOSTILE },
    facts: { extra: HOSTILE },
  });
});
afterAll(async () => {
  project.remove();
  await fresh.close();
});

const show = (...words: string[]): Promise<Ran> => runCli(["review", "show", ...words], { cwd: project.folder });

/** Lines that hold something hidden, or are too wide for a terminal. */
function unfit(said: string): string[] {
  return said.split("\n").filter((line) => line.length > 80 || visibleText(line) !== line);
}

describe("assent review show", () => {
  test("shows all of an open review, how to decide on it, and not what others said", async () => {
    const { code, stdout, stderr } = await show(vote.id.slice(0, 15));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const words of [
      "Refund 1250 cents on order A-1",
      "They asked twice.",
      "  risk: 0.4",
      '  tags: [ "vip" ]',
      "asks for role manager (two-person)\n",
      "reasons  checked, fraud\n",
      `digest   ${vote.digest}\n`,
      `\nnpx assent review approve ${vote.id} \\\n  --reason-code CODE \\\n--digest ${vote.digest}\n`,
      `\nnpx assent review modify ${vote.id} \\\n  --args @FILE --reason-code CODE \\\n--digest ${vote.digest}\n`,
      `\nnpx assent review abstain ${vote.id} \\\n`,
    ]) {
      expect(stdout).toContain(words);
    }
    expect(stdout).not.toMatch(/Early bird|ANA/);
    expect(unfit(stdout)).toEqual([]);
  });

  test("as JSON, too", async () => {
    const { stdout } = await show(vote.id, "--json", "--config", "./assent.config.ts");
    expect(stdout).not.toContain("Early bird");
    expect(JSON.parse(stdout)).toMatchObject({
      review: { id: vote.id, digest: vote.digest, status: "open" },
      case: { round: { args: { order: "A-1", cents: 1250 } }, decisions: [] },
      queued: { id: vote.id, asks: [{ role: "manager" }] },
      verdicts: ["approve", "modify", "reject", "abstain"],
      commands: expect.arrayContaining([
        `npx assent review approve ${vote.id} --reason-code CODE --config ./assent.config.ts --digest ${vote.digest}`,
      ]) as string[],
    });
  });

  test("says that it is not for whoever looks, and hides no command for that", async () => {
    project.write("others.config.ts", officeText({ ...fresh, authenticators: "[testAuthenticator()]" }));
    const flat = ({ stdout }: Ran): string => stdout.replaceAll(/\s+/g, " ");
    const [role, json, votedOn, theirs, unknown] = [
      await show(vote.id),
      await show(vote.id, "--json"),
      await show(voted.id),
      await show(hostile.id),
      await show(hostile.id, "--config", "others.config.ts"),
    ];
    expect(flat(role)).toContain(`Not yours to decide: ${ME} is none of those who may decide: role manager. What may`);
    expect(role.stdout).toContain(`npx assent review approve ${vote.id}`);
    const { whyNotYours, commands } = JSON.parse(json.stdout) as { whyNotYours: string; commands: string[] };
    expect(whyNotYours).toBe(`${ME} is none of those who may decide: role manager`);
    expect(commands).toHaveLength(4);
    expect(flat(votedOn)).toMatch(/Not yours to decide: \S+ has voted on this\./);
    expect(theirs.stdout).not.toContain("Not yours");
    expect(flat(unknown)).toContain("whom the configuration does not accept (localUser).");
    for (const { code, stderr, stdout } of [role, votedOn, unknown]) {
      expect({ code, stderr, unfit: unfit(stdout) }).toEqual({ code: 0, stderr: "", unfit: [] });
    }
  });

  test("of one that is over, says what was said, and that nothing is left to say", async () => {
    const { code, stdout } = await show(over.id);
    expect(code).toBe(0);
    expect(stdout).toContain("What was said:\n  ANA: reject, at ");
    expect(stdout).toContain("Too much");
    expect(stdout).toContain("The review is decided: nothing is left to decide.");
    expect(stdout).not.toContain("assent review approve");
    const short = await show(over.id.slice(0, 15));
    expect(short).toMatchObject({ code: 1, stdout: "" });
    expect(short.stderr).toContain("No open review in the queue has an id that begins so");
  });

  test("makes what an agent hid visible, within 80 columns", async () => {
    const { code, stdout } = await show(hostile.id);
    expect(code).toBe(0);
    expect(stdout).toContain("pay⟦U+001B⟧[2J⟦U+202E⟧yap⟦U+200B⟧");
    expect(unfit(stdout)).toEqual([]);
    expect(stdout.split("\n").filter((line) => /^\s*You approved/.test(line))).toEqual([]);
  });

  test("offers no command for what somebody altered", async () => {
    const altered = await waiting(postgresLedger(fresh), { args: { order: "X", cents: 7 } });
    await fresh.pool.query(
      "set session_replication_role = replica; update rounds set facts = '{\"risk\": 0}' where proposal_id = '" +
        altered.proposalId +
        "'; set session_replication_role = origin",
    );
    const { stdout } = await show(altered.id);
    expect(stdout).toContain("It cannot be decided: what is shown has other facts than the recorded ones.");
    expect(stdout).not.toContain("assent review approve");
  });

  test("says that there is no such review", async () => {
    const { code, stderr } = await show(`rv_${"0".repeat(32)}`);
    expect(code).toBe(1);
    expect(stderr).toContain("There is no such review");
  });
});
