import { renderCase, showCase } from "assent/audit";
import { postgresLedger } from "assent/postgres";
import { visibleText, type Case, type Ledger } from "assent";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { afterGate, following } from "../nodes/after-gate.js";
import { executeAlways } from "../support/payments.js";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { openProject, type Project } from "./configured.js";
import { HOSTILE, officeText } from "./review-office.js";
import { runCli, type Ran } from "./run-cli.js";

let fresh: FreshSchema;
let project: Project;
let ledger: Ledger;
beforeAll(async () => {
  fresh = await freshSchema();
  project = openProject();
  project.write("assent.config.ts", officeText(fresh));
  ledger = postgresLedger(fresh);
});
afterAll(async () => {
  project.remove();
  await fresh.close();
});

const run = (...words: string[]): Promise<Ran> => runCli(words, { cwd: project.folder });

/** What somebody has to find out about, and the case that it is about. */
async function inDoubt(said: string): Promise<{ asked: Case; old: string }> {
  const trial = afterGate(ledger, {
    policy: executeAlways,
    idempotent: false,
    proposals: [[{ to: "bo", cents: 500 }, { context: { said } }]],
    run: () => {
      throw new Error(`broke: ${said}`);
    },
  });
  await trial.thread.start();
  const { proposalId } = await trial.thread.outcome();
  return { asked: (await following(trial.assent, proposalId, "reconciliation")) as Case, old: proposalId };
}

const answer = (happened: string, evidence: string): string => JSON.stringify({ happened, evidence });

describe("an effect in doubt, from a shell", () => {
  test("is shown with the old case and how to answer, and answered", async () => {
    const { asked, old } = await inDoubt("an invoice");
    const { id, digest } = asked.review!;
    const shown = await run("review", "show", id);
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    for (const words of [
      "Nobody knows whether this took effect",
      "follow-up: reconciliation",
      `on proposal: ${old}`,
      "status: in-doubt",
      "agent says:\n│ said: an invoice",
      `HAPPENED is executed`,
      `npx assent review answer ${id} \\\n  --answer '{"happened":"HAPPENED","evidence":"EVIDENCE"}' \\\n--digest ${digest}\n`,
    ]) {
      expect(shown.stdout).toContain(words);
    }
    const line = ["review", "answer", id, "--digest", digest];
    const asItStands = await run(...line, "--answer", answer("HAPPENED", "EVIDENCE"));
    expect(asItStands.code).not.toBe(0);
    expect(asItStands.stderr).toContain("what happened");
    const said = await run(...line, "--answer", answer("executed", "it is on the statement"));
    expect(said).toMatchObject({ code: 0, stderr: "" });
    const over = await run("review", "show", id);
    expect(over.stdout).toContain("executed: it is on the statement");
  });

  test("draws nothing of its own on the screen, whatever it says", async () => {
    const { asked } = await inDoubt(HOSTILE);
    const { stdout } = await run("review", "show", asked.review!.id);
    expect(stdout.split("\n").filter((line) => line.length > 80 || visibleText(line) !== line)).toEqual([]);
  });
});

test("both cases name each other in the audit", async () => {
  const { asked, old } = await inDoubt("an invoice");
  const before = await showCase(ledger, old);
  const { id } = asked.proposal;
  expect(before).toMatchObject({
    after: null,
    followUps: [{ kind: "reconciliation", proposalId: id, status: "open" }],
  });
  expect(renderCase(before)).toMatch(
    new RegExp(`Followed by +reconciliation: open, proposal ${id}`.replaceAll(" +", "\\s+")),
  );
  const after = await showCase(ledger, id);
  expect(after).toMatchObject({
    after: { kind: "reconciliation", proposalId: old, auditId: before.auditId },
    followUps: [],
  });
  expect(renderCase(after)).toContain(`reconciliation of proposal`);
});
