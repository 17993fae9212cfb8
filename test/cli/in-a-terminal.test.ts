import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { decisions, endSessions, office, Session } from "./reviewing.js";

const ESCAPE = "\u001b[";

beforeEach(() => {
  vi.stubEnv("NO_COLOR", undefined);
  vi.stubEnv("TERM", "xterm-256color");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await endSessions();
});

async function officeWith(count: number) {
  const made = office();
  for (let cents = 1; cents <= count; cents += 1) await made.propose({ to: `payee-${cents}`, cents });
  return made;
}

/** A status that a test sets, and that tells how often it was looked at. */
function statusBoard(text: string) {
  let now = text;
  let looks = 0;
  let tell = (): void => {};
  return {
    status: () => {
      looks += 1;
      tell();
      return now;
    },
    say(text: string): void {
      now = text;
    },
    looked(times: number): Promise<void> {
      const enough = looks + times;
      return new Promise((resolve) => {
        tell = () => void (looks >= enough && resolve());
      });
    },
  };
}

describe("reviewing in a terminal", () => {
  test("asks at a prompt that begins with the status", async () => {
    const { assent } = await officeWith(1);
    const session = new Session(assent, { columns: 80, status: () => "3 wait" });
    expect(await session.reads("review> ")).toMatch(/asked once.*\n.*3 wait review> $/s);
  });

  test("keeps the status current, also while somebody types, and writes nothing where it stays the same", async () => {
    const { assent } = await officeWith(1);
    const { status, looked, say } = statusBoard("3 wait");
    const session = new Session(assent, { columns: 80, status, refreshMs: 2 });
    await session.reads("3 wait review> ");
    session.press("appr");
    await session.reads("appr");
    say("2 wait");
    await session.reads("2 wait review> appr");
    const before = session.said.length;
    await looked(20);
    expect(session.said).toHaveLength(before);
    session.press("ove\r");
    await session.reads("Approved: Pay 1 cents");
  });

  test("gives the status no more than one row, with room to type", async () => {
    const session = new Session(office().assent, { columns: 60, status: () => `${"busy ".repeat(40)}\u001b[2J\nnow` });
    const said = await session.reads("review> ");
    const prompt = said.slice(said.lastIndexOf("busy busy busy busy"));
    expect(prompt).toMatch(/^(busy )+b?u?s?y?…? ?review> $/);
    expect(prompt.length).toBeLessThanOrEqual(60 - 20);
  });

  test("does not come between somebody and what they type", async () => {
    const { assent, propose } = office();
    const { status, looked } = statusBoard("");
    const session = new Session(assent, { columns: 80, refreshMs: 2, status });
    await session.reads("review> ");
    session.press("li");
    await session.reads("li");
    await propose({ to: "late", cents: 9 });
    await looked(20);
    expect(session.said).not.toContain("Pay 9 cents");
    session.press("st\r");
    await session.reads("Pay 9 cents to late");
  });

  test("lets no line decide that was typed before the review was on the screen", async () => {
    const { assent } = await officeWith(2);
    const session = new Session(assent, { columns: 80 });
    await session.reads("review> ");
    session.press("approve\rapprove\r");
    await session.reads("You had not seen this yet when you said so. Say it again to decide it.");
    expect(await decisions(assent)).toEqual(["1 approve by ana", "2"]);
    session.press("approve\r");
    await session.reads("Approved: Pay 2 cents");
  });

  test("lets no second press of one line decide what the first brought up by its number", async () => {
    const { assent } = await officeWith(2);
    const session = new Session(assent, { columns: 80 });
    await session.reads("review> ");
    session.press("list\r");
    await session.reads("payee-2");
    session.press("approve 2\rapprove 2\r");
    await session.reads("Say it again to decide it.");
    await session.reads("Say it again to decide it.");
    expect(await decisions(assent)).toEqual(["1", "2"]);
    session.press("approve 2\r");
    await session.reads("Approved: Pay 2 cents");
  });

  test.each([
    ["Ctrl-C", "\u0003"],
    ["Ctrl-D", "\u0004"],
  ])("ends with %s, and what comes next begins on a line of its own", async (_, key) => {
    const { assent } = await officeWith(1);
    const session = new Session(assent, { columns: 80 });
    await session.reads("review> ");
    session.press(key);
    await session.ended;
    expect(session.said.endsWith("\n")).toBe(true);
    expect(await decisions(assent)).toEqual(["1"]);
  });

  test("shows emphasis, and none where NO_COLOR is set", async () => {
    const { assent } = await officeWith(1);
    const painted = new Session(assent, { columns: 80 });
    expect(await painted.reads("asked once")).toContain(`${ESCAPE}1mPay 1 cents to payee-1${ESCAPE}22m`);
    painted.end();
    await painted.ended;
    vi.stubEnv("NO_COLOR", "1");
    const plain = new Session(assent, { columns: 80 });
    const said = await plain.reads("asked once");
    expect(said).toContain("\nPay 1 cents to payee-1\n");
    expect(said).not.toContain(`${ESCAPE}1m`);
    expect(said).not.toContain(`${ESCAPE}2m`);
  });

  test.each([
    [40, 40],
    [80, 80],
    [300, 100],
    [0, 80],
  ])("a terminal of %i columns gets lines of %i at most", async (columns, most) => {
    vi.stubEnv("NO_COLOR", "1");
    const { assent, propose } = office();
    await propose({ to: "word ".repeat(60), cents: 1, memo: "漢字".repeat(80) }, { context: "x".repeat(400) });
    const session = new Session(assent, { columns });
    await session.reads("review> ");
    session.press("list\r");
    await session.reads("review> ");
    // What stands on a row is what was written since the last return to its start, without what moves the cursor.
    const rows = session.said.split("\n").map((line) => line.slice(line.lastIndexOf("\r") + 1));
    const columnsOf = (row: string): number => {
      const text = row.replaceAll(new RegExp(`${ESCAPE.replace("[", "\\[")}\\d*[A-Z]`, "g"), "");
      return text.length + (text.match(/[\u2e80-\uffff]/g) ?? []).length;
    };
    expect(Math.max(...rows.map(columnsOf))).toBe(most);
  });
});
