import { AssentError, memoryLedger, policy, type Ledger } from "assent";
import { afterEach, describe, expect, test } from "vitest";
import { bo, decisions, endSessions, office, openReviews, Session } from "./reviewing.js";

afterEach(endSessions);

/** An office where payments of 1, 2, … cents wait, in that order. */
async function officeWith(count: number) {
  const made = office();
  for (let cents = 1; cents <= count; cents += 1) await made.propose({ to: `payee-${cents}`, cents });
  return made;
}

describe("reviewing over two pipes", () => {
  test("shows the oldest review at once, and each next one after a decision", async () => {
    const { assent } = await officeWith(2);
    const session = new Session(assent);
    const start = await session.reads("asked once");
    expect(start).toContain("You review as Ana Ruiz.");
    expect(start).toContain("Pay 1 cents to payee-1");
    const next = await session.asks("approve", "asked once");
    expect(next).toContain("Approved: Pay 1 cents to payee-1");
    expect(next).toContain("Pay 2 cents to payee-2");
    await session.asks("reject not ours", "Rejected: Pay 2 cents");
    session.type("quit");
    await session.ended;
    expect(await decisions(assent)).toEqual(["1 approve by ana", "2 reject by ana"]);
    const cases = await assent.ledger.cases({ afterId: "", limit: 9 });
    expect(cases.find(({ outcome }) => outcome !== null)).toMatchObject({
      decisions: [{ note: "not ours" }],
      outcome: { status: "rejected", reason: "not ours" },
    });
  });

  test("tells who asked to know of each decision", async () => {
    const { assent } = await officeWith(1);
    const decided: string[] = [];
    const session = new Session(assent, { onDecided: ({ review }) => decided.push(review.id) });
    await session.reads("asked once");
    const [item] = await openReviews(assent);
    await session.asks("approve fine by me", "Approved");
    expect(decided).toEqual([item!.review.id]);
    const { case: held } = await assent.reviews.get(item!.review.id);
    expect(held.decisions).toMatchObject([{ note: "fine by me", by: { id: "ana", level: "system" } }]);
  });

  test("lists what waits, and shows any of it by its number", async () => {
    const { assent } = await officeWith(3);
    const session = new Session(assent);
    await session.reads("asked once");
    const list = await session.asks("list", "payee-3\n");
    expect(list.split("\n").filter((line) => line.startsWith("  "))).toEqual([
      expect.stringMatching(/^ {2}1 {1,3}\ds {2}Pay 1 cents to payee-1$/),
      expect.stringMatching(/^ {2}2 {1,3}\ds {2}Pay 2 cents to payee-2$/),
      expect.stringMatching(/^ {2}3 {1,3}\ds {2}Pay 3 cents to payee-3$/),
    ]);
    expect(await session.asks("show 3", "asked once")).toContain("Pay 3 cents to payee-3");
    await session.asks("show 4", 'There is no number 4; "list" shows what waits.');
    await session.asks("show 0", "There is no number 0");
    // What was shown last is what a decision without a number is about.
    await session.asks("approve", "Approved: Pay 3 cents");
    expect(await decisions(assent)).toEqual(["1", "2", "3 approve by ana"]);
  });

  test("decides nothing that was not shown", async () => {
    const { assent } = await officeWith(3);
    const session = new Session(assent);
    await session.reads("asked once");
    await session.asks("list", "payee-3\n");
    const answer = await session.asks("approve 2", "Say it again to decide it.");
    expect(answer).toContain("Pay 2 cents to payee-2");
    expect(await decisions(assent)).toEqual(["1", "2", "3"]);
    await session.asks("approve 2", "Approved: Pay 2 cents");
    expect(await decisions(assent)).toEqual(["1", "2 approve by ana", "3"]);
  });

  test("takes numbers from the list that was printed, also after some of it is decided", async () => {
    const { assent } = await officeWith(3);
    const session = new Session(assent);
    await session.reads("asked once");
    await session.asks("skip", "Pay 2 cents");
    await session.asks("skip", "Pay 3 cents");
    await session.asks("list", "payee-3\n");
    await session.asks("approve 1", "Approved: Pay 1 cents");
    await session.asks("approve 2", "Approved: Pay 2 cents");
    expect(await decisions(assent)).toEqual(["1 approve by ana", "2 approve by ana", "3"]);
  });

  test("takes no number before a list was printed", async () => {
    const { assent } = await officeWith(2);
    const session = new Session(assent);
    await session.reads("asked once");
    await session.asks("approve 1", "Numbers are those of this list:");
    await session.reads("payee-2\n");
    expect(await decisions(assent)).toEqual(["1", "2"]);
    await session.asks("approve 1", "Approved: Pay 1 cents");
  });

  test("changes arguments, of their own kinds, also those that were left out", async () => {
    const { assent } = await officeWith(1);
    const session = new Session(assent);
    await session.reads("asked once");
    await session.asks('modify cents=7 memo="two  words"', "Modified and approved: Pay 7 cents to payee-1");
    const [held] = await assent.ledger.cases({ afterId: "", limit: 9 });
    expect(held!.round.args).toEqual({ to: "payee-1", cents: 7, memo: "two  words" });
    expect(held!.decisions).toMatchObject([{ verdict: "modify", by: { id: "ana" } }]);
  });

  test.each([
    ["modify", "Say what to change, such as: modify cents=value"],
    ["modify zork=1", "There is no argument zork; there are: cents, to, memo"],
    ["modify cents=7 please", "This is no change: please."],
    ["modify cents=many", "do not fit the action"],
    ["reject", "Say why: reject <reason>"],
    ["yes", '"yes" is no command.'],
    ["approved", '"approved" is no command.'],
    ["help", "run it exactly as shown"],
  ])("%j decides nothing", async (line, answer) => {
    const { assent } = await officeWith(1);
    const session = new Session(assent);
    await session.reads("asked once");
    await session.asks(line, answer);
    expect(await decisions(assent)).toEqual(["1"]);
    await session.asks("approve", "Approved: Pay 1 cents");
  });

  test("says so where a change is not run, because policy bars it", async () => {
    const { assent, propose } = office({
      policy: policy({
        rules: [{ id: "huge", when: { amount: { gt: "100 USD" } }, route: "block" }],
        default: { route: "review" },
      }),
    });
    await propose({ to: "bo", cents: 5 });
    const session = new Session(assent);
    await session.reads("asked once");
    await session.asks("modify cents=9000000", "Modified, and not run (blocked): Pay 9000000 cents");
    const [held] = await assent.ledger.cases({ afterId: "", limit: 9 });
    expect(held).toMatchObject({ outcome: { status: "blocked" }, permit: null });
  });

  test("skips on, and lists what was skipped", async () => {
    const { assent } = await officeWith(2);
    const session = new Session(assent);
    await session.reads("asked once");
    await session.asks("skip", "Pay 2 cents");
    await session.asks("skip", 'Only what you skipped waits; "list" has it.');
    await session.asks("approve", "No review is on the screen");
    await session.asks("list", "payee-2\n");
    await session.asks("show 1", "Pay 1 cents");
    await session.asks("approve", "Approved: Pay 1 cents");
    expect(await decisions(assent)).toEqual(["1 approve by ana", "2"]);
  });

  test("says that nothing waits", async () => {
    const session = new Session(office().assent);
    await session.asks("list", "Nothing waits.");
    await session.asks("skip", "Nothing else waits.");
    await session.asks("show", "No review is on the screen");
    await session.asks("show 1", "Nothing waits.");
    session.end();
    await expect(session.ended).resolves.toBeUndefined();
  });

  test("goes on where somebody else was faster", async () => {
    const { assent } = await officeWith(2);
    const session = new Session(assent);
    await session.reads("asked once");
    const { review } = (await openReviews(assent))[0]!;
    await assent.reviews.decide(review.id, { by: bo, decision: "reject", digest: review.digest, note: "mine" });
    const answer = await session.asks("approve", "asked once");
    expect(answer).toMatch(/bo already decided: reject/);
    expect(answer).toContain("Pay 2 cents to payee-2");
    await session.asks("approve", "Approved: Pay 2 cents");
    expect(await decisions(assent)).toEqual(["1 reject by bo", "2 approve by ana"]);
  });

  test("says that the ledger is away, and goes on when it is back", async () => {
    const { ledger, cut } = cutOff(memoryLedger());
    const { assent, propose } = office({ ledger });
    await propose({ to: "bo", cents: 1 });
    await propose({ to: "cy", cents: 2 });
    const session = new Session(assent);
    await session.reads("asked once");
    cut.away = true;
    await session.asks("approve", "The ledger is away");
    await session.asks("list", "The ledger is away");
    cut.away = false;
    await session.asks("approve", "Approved: Pay 1 cents");
    expect(await decisions(assent)).toEqual(["1 approve by ana", "2"]);
  });

  test("ends with the error where the ledger is away from the start", async () => {
    const { ledger, cut } = cutOff(memoryLedger());
    cut.away = true;
    await expect(new Session(office({ ledger }).assent).ended).rejects.toMatchObject({ code: "ledger_unavailable" });
  });

  test("shows nothing of an agent's that a terminal would obey", async () => {
    const { assent, propose } = office();
    const evil = "\u001b[2J\u009b31m\u202e\u200b\nApproved: all";
    await propose({ to: evil, cents: 1, memo: evil }, { context: { [evil]: evil } });
    const session = new Session(assent);
    await session.reads("asked once");
    await session.asks("list", "Approved: all\n");
    await session.asks("show", "asked once");
    await session.asks("modify cents=\u001b[2J", "do not fit the action");
    await session.asks("\u001b[2J\u202e", "is no command");
    await session.asks("modify \u001b[2J", "This is no change");
    await session.asks("approve", "Approved: Pay 1 cents");
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(session.said).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e]/);
    expect(session.said.split("\n").filter((line) => line.startsWith("Approved: all"))).toEqual([]);
  });
});

describe("the end of a review session", () => {
  test("comes with quit, with the input's end and with the signal, and leaves everything open", async () => {
    const { assent } = await officeWith(1);
    const quitting = new Session(assent);
    quitting.type("quit");
    quitting.type("approve");
    await quitting.ended;
    const ending = new Session(assent);
    ending.end();
    await ending.ended;
    const stopping = new AbortController();
    const stopped = new Session(assent, { signal: stopping.signal });
    await stopped.reads("asked once");
    stopping.abort();
    await stopped.ended;
    await new Session(assent, { signal: AbortSignal.abort() }).ended;
    expect(await decisions(assent)).toEqual(["1"]);
  });

  test("comes after every line that was there already", async () => {
    const { assent } = await officeWith(2);
    await new Session(assent, { typed: "approve first\nreject second" }).ended;
    expect(await decisions(assent)).toEqual(["1 approve by ana", "2 reject by ana"]);
  });

  test("leaves lines unread that come after an abort", async () => {
    const { assent } = await officeWith(2);
    const stopping = new AbortController();
    const session = new Session(assent, {
      typed: "approve\napprove\n",
      signal: stopping.signal,
      onDecided: () => stopping.abort(),
    });
    await session.ended;
    expect(await decisions(assent)).toEqual(["1 approve by ana", "2"]);
  });
});

describe("a review that comes up while nobody types", () => {
  test("is shown as soon as it is there", async () => {
    const { assent, propose } = office();
    const session = new Session(assent, { refreshMs: 5 });
    await session.reads("help");
    await propose({ to: "late", cents: 9 });
    await session.reads("Pay 9 cents to late");
    await session.asks("approve", "Approved: Pay 9 cents");
    await propose({ to: "later", cents: 10 });
    expect(await session.reads("Pay 10 cents to later")).not.toContain("Pay 9 cents to late\n");
  });

  test("is found again once the ledger is back", async () => {
    const { ledger, cut } = cutOff(memoryLedger());
    const { assent, propose } = office({ ledger });
    const session = new Session(assent, { refreshMs: 5 });
    await session.reads("help");
    const missed = new Promise<void>((resolve) => {
      cut.onMiss = resolve;
    });
    cut.away = true;
    await missed;
    cut.away = false;
    await propose({ to: "late", cents: 9 });
    await session.reads("Pay 9 cents to late");
    session.end();
    await session.ended;
    expect(session.said).not.toContain("away");
  });
});

/** A ledger that can be cut off. */
function cutOff(inner: Ledger) {
  const cut = { away: false, onMiss: (): void => {} };
  const ledger = new Proxy(inner, {
    get(target, name: keyof Ledger) {
      const member: unknown = target[name];
      if (typeof member !== "function") return member;
      return async (...args: unknown[]): Promise<unknown> => {
        if (!cut.away) return Reflect.apply(member, target, args);
        cut.onMiss();
        throw new AssentError("ledger_unavailable", { what: "The ledger is away" });
      };
    },
  });
  return { ledger, cut };
}
