import { beforeAll, describe, expect, it } from "vitest";
import { renderCase, showCase } from "../../src/audit/index.js";
import type { Ledger } from "../../src/ledger/ledger.js";
import { memoryLedger } from "../../src/ledger/memory/memory-ledger.js";
import { asked, decided, reviewer } from "../../src/testing/ledger-contract/specimens.js";
import { liveAll, type Lives } from "./lives.js";

let ledger: Ledger;
let lives: Lives;
beforeAll(async () => {
  ledger = memoryLedger();
  lives = await liveAll(ledger);
});

describe("a rendered case", () => {
  it("tells who did what, why and how it ended, then the log", async () => {
    const text = renderCase(await showCase(ledger, lives.executed.proposal.id));
    expect(text).toBe(
      [
        `Case ${lives.executed.outcome?.auditId}`,
        `  Proposal    ${lives.executed.proposal.id}`,
        "  Thread      thread-1",
        "  Proposed    2026-03-30T10:30:00.000Z",
        "  Agent       support, for cleo",
        "  Action      refund",
        "  Effect      Refund 12.5 USD on order o-1",
        "  Arguments   {",
        '                "amount": 12.5,',
        '                "orderId": "o-1"',
        "              }",
        "  Facts       {",
        '                "amount": {',
        '                  "currency": "USD",',
        '                  "value": 12.5',
        "                },",
        '                "confidence": 0.9',
        "              }",
        "  Routing     review, by small",
        "  Reviewer    ANA (system)",
        "  Decision    approve, 2026-03-30T10:30:10.000Z",
        "  Note        Verified.",
        "  Outcome     executed, 2026-03-30T10:30:40.000Z",
        "  Result      {",
        '                "done": true',
        "              }",
        "",
        "Log",
        "       1  2026-03-30 10:30:00Z  proposed   refund, by support",
        "       2  2026-03-30 10:30:01Z  routed     review, round 1",
        `       3  2026-03-30 10:30:02Z  asked      ${lives.executed.review?.id}`,
        "       4  2026-03-30 10:30:10Z  decided    approve, by ANA (system)",
        `       5  2026-03-30 10:30:10Z  permitted  ${lives.executed.permit?.id}`,
        "                                           on decisions",
        `       6  2026-03-30 10:30:20Z  claimed    ${lives.executed.permit?.id}`,
        "                                           by worker-1",
        "       7  2026-03-30 10:30:40Z  executed",
        "",
        "The stored record is the one that the log's closing row binds.",
      ].join("\n"),
    );
  });

  it("says so where nobody decided, nothing is routed and nothing has ended", async () => {
    const text = renderCase(await showCase(ledger, lives.fresh.proposal.id));
    expect(text).toContain("  Routing     not yet\n  Reviewer    nobody\n  Outcome     none yet\n");
    expect(text).toContain("The case is open; its record is not stored yet.");
  });

  it("gives reasons with what ended badly or did not count", async () => {
    expect(renderCase(await showCase(ledger, lives.rejected.proposal.id))).toContain(
      "  Reason      It ended as rejected.",
    );
    const doubtful = renderCase(await showCase(ledger, lives.doubtful.proposal.id));
    expect(doubtful).toMatch(/failed {5}in-doubt: It ended as in-doubt\.\n/);
    expect(doubtful).toMatch(/refused {4}claim: Too late\.\n/);
  });

  it("is loud about a record that does not fit the log", async () => {
    const report = await showCase(ledger, lives.executed.proposal.id);
    for (const integrity of ["differs", "missing"] as const) {
      expect(renderCase({ ...report, integrity })).toMatch(/\nBROKEN: the .*$/);
    }
  });

  it("shows an entry that cannot be read as such", async () => {
    const report = await showCase(ledger, lives.fresh.proposal.id);
    const rows = report.rows.map((row) => ({ ...row, event: null }));
    expect(renderCase({ ...report, rows })).toMatch(/\n +\d+ {2}\? +proposed {3}The entry cannot be read\.\n/);
  });

  it("lets no text from outside move the cursor, hide or pass for a line of its own, and keeps to 80 columns", async () => {
    const hostile = "\u001b[2J\u001b[31mred\r\u202eabc\u200b\u0007 \u{E0041} ";
    const long = `${"word ".repeat(40)}${"x".repeat(200)}${"漢字".repeat(60)}`;
    const names = {
      agent: hostile + long,
      threadId: hostile,
      action: `${hostile}refund`,
      requestedBy: `${hostile}\n  Outcome     executed`,
    };
    const open = await asked(ledger, { ...names, key: "hostile", args: { [hostile]: hostile, long } });
    const by = { ...reviewer(), name: hostile + long };
    const held = await decided(ledger, open, "reject", { by, note: `${hostile}\n${long}\n\nLog\n` });
    const text = renderCase(await showCase(ledger, held.proposal.id));
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e\u{E0041}]/u);
    expect(text).toContain("⟦U+001B⟧[2J");
    expect(text.split("\n").filter((line) => columnsOf(line) > 80)).toEqual([]);
    // Only labels and headings start at the margin or two columns in.
    const margin = text.split("\n").filter((line) => /^ {0,2}\S/.test(line));
    expect(margin.filter((line) => /^\s*(Outcome|Log)/.test(line))).toHaveLength(2);
  });
});

/** How wide a line is drawn, counting East Asian characters twice. */
function columnsOf(line: string): number {
  return Array.from(line).reduce((sum, char) => sum + (/[\u2E80-\u9FFF]/u.test(char) ? 2 : 1), 0);
}
