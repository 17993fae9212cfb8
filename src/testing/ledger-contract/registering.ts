import assert from "node:assert/strict";
import { authority } from "../../authority/authority.js";
import type { DecideResult, Ledger } from "../../ledger/ledger.js";
import type { Case } from "../../model/case.js";
import { ONE_PERSON, type Quorum, type Requirement, type Selector } from "../../model/requirement.js";
import { reviewerId, type Reviewer } from "../../model/reviewer.js";
import { changesNothing, kinds, race, rejectsWith, type Check } from "./check.js";
import { askRequest, decideRequest, moment, reviewer, routed, type DecideOptions } from "./specimens.js";

/** What is known of reviewers, and what they may let run. */
export function registeringContract(check: Check): void {
  register(check);
  seats(check);
  otherSeats(check);
  limits(check);
  limitsOfOne(check);
  needs(check);
}

function known(id: string, over: Partial<Reviewer> = {}): Reviewer {
  const empty = { groups: [], licences: [], training: [], away: null };
  return { id, name: id.toUpperCase(), roles: ["manager"], ...empty, active: true, ...over };
}

async function registered(ledger: Ledger, ...reviewers: Reviewer[]): Promise<void> {
  for (const each of reviewers) await ledger.register(request(each));
}

function request(each: Reviewer) {
  return { reviewer: each, by: reviewer("admin"), reason: "Hired.", at: moment(5) };
}

function register(check: Check): void {
  check(
    "what is said of a reviewer is known from then on, and what is known already changes nothing",
    async (ledger) => {
      const ana = known("ana", { licences: [{ name: "physician", until: moment(99) }], groups: ["board"] });
      assert.equal(await ledger.reviewer("ana"), null);
      assert.deepEqual(await ledger.register(request(ana)), ana);
      assert.deepEqual(await ledger.reviewer("ana"), ana);
      const { seq } = await ledger.auditHead();
      await race(() => ledger.register(request(ana)));
      assert.equal((await ledger.auditHead()).seq, seq);
      await registered(ledger, { ...ana, active: false });
      assert.equal((await ledger.reviewer("ana"))?.active, false);
      assert.deepEqual(await kinds(ledger, reviewerId("ana")), ["registered", "registered"]);
    },
  );

  check("reviewers are listed in the order of their ids, page by page", async (ledger) => {
    await registered(ledger, known("cy"), known("ana"), known("bo"));
    const ids = async (afterId: string, limit: number) =>
      (await ledger.reviewers({ afterId, limit })).map(({ id }) => id);
    assert.deepEqual(await ids("", 2), ["ana", "bo"]);
    assert.deepEqual(await ids("bo", 2), ["cy"]);
    assert.equal(await ledger.reviewer("\0"), null);
  });

  check("what no reviewer is, is refused", async (ledger) => {
    await rejectsWith("reviewer_invalid", () => ledger.register(request({ ...known("ana"), id: "" })));
    await rejectsWith("json_invalid", () => ledger.register(request(known("ana", { roles: ["\0"] }))));
    assert.deepEqual(await ledger.reviewers({ afterId: "", limit: 9 }), []);
  });
}

const MANAGERS: Selector[] = [{ role: "manager" }];

function asking(quorum: Quorum): Requirement {
  return { ...ONE_PERSON, panels: [{ rule: "large", by: MANAGERS, quorum, tieBreak: "reject" }] };
}

async function askedFor(ledger: Ledger, requires: Requirement, key: string, amount = 12.5): Promise<Case> {
  const facts = { amount: { value: amount, currency: "USD" } };
  return ledger.ask(askRequest(await routed(ledger, "review", { key, facts }, { requires })));
}

async function say(ledger: Ledger, held: Case, id: string, options: DecideOptions = {}): Promise<DecideResult> {
  return ledger.decide(decideRequest(held, "approve", { by: reviewer(id), ...options }));
}

function why(result: DecideResult): string {
  return result.ok ? "it counts" : `${result.why}: ${result.because ?? ""}`;
}

function seats(check: Check): void {
  const away = { from: moment(0), until: moment(100), to: null };

  check("those have a seat who decide at all, are there and are not excluded", async (ledger, setTime) => {
    await registered(ledger, known("ana"), known("bo", { active: false }), known("cy", { away }), known("dee"));
    await registered(ledger, known("eve", { roles: [], groups: ["board"] }));
    const panels = [MANAGERS, [], [{ group: "board" }, { person: "ana" }], [{ role: "nobody" }]];
    assert.deepEqual(await ledger.seats({ panels, excludes: ["dee"] }), [1, 2, 2, 0]);
    const voted = [["ana", "bo"], ["cy"], [], ["stranger", "stranger"]];
    assert.deepEqual(await ledger.seats({ panels, excludes: ["dee"], voted }), [2, 3, 2, 1]);
    await setTime(100);
    assert.deepEqual(await ledger.seats({ panels, excludes: [] }), [3, 4, 2, 0]);
  });

  check("a majority is one of those who have a seat, and only they vote", async (ledger) => {
    await registered(ledger, known("ana"), known("bo"), known("cy"), known("away", { away }));
    const held = await askedFor(ledger, asking("majority"), "a");
    const three = { seats: [{ by: MANAGERS, of: 3 }] };
    assert.match(why(await say(ledger, held, "stranger", three)), /^forbidden: STRANGER is not registered/);
    assert.match(why(await say(ledger, held, "away", three)), /^forbidden: AWAY is out of office/);
    for (const wrong of [{}, { seats: [{ by: MANAGERS, of: 2 }] }, { seats: [] }]) {
      assert.match(
        why(await changesNothing(ledger, held.proposal.id, () => say(ledger, held, "ana", wrong))),
        /^changed/,
      );
    }
    const first = await say(ledger, held, "ana", three);
    assert.ok(first.ok && first.case.permit === null);
    const second = await say(ledger, held, "bo", three);
    assert.ok(second.ok && second.case.permit?.state === "issued");
  });
}

function otherSeats(check: Check): void {
  check(
    "who names the seats of those who were asked before it was escalated has not seen who is asked now",
    async (ledger) => {
      await registered(ledger, known("ana"), known("bo"), known("cy", { roles: ["manager", "director"] }));
      await registered(ledger, known("dee", { roles: ["director"] }), known("eve", { roles: ["director"] }));
      const by: Selector[] = [{ role: "director" }];
      const requires: Requirement = {
        ...asking("majority"),
        escalateTo: [{ by, withinMs: 5_000, otherwise: "hold" }],
      };
      const held = await askedFor(ledger, requires, "a");
      const escalated = await ledger.decide(
        decideRequest(held, "escalate", { by: reviewer("ana"), escalatedMs: 5_000 }),
      );
      assert.ok(escalated.ok && escalated.case.review?.step === 1);
      const director = { ...reviewer("dee"), roles: ["director"] };
      const before = { by: director, seats: [{ by: MANAGERS, of: 3 }] };
      const { id } = held.proposal;
      assert.match(why(await changesNothing(ledger, id, () => say(ledger, escalated.case, "dee", before))), /^changed/);
      const now = { by: director, seats: [{ by, of: 3 }] };
      assert.match(why(await say(ledger, escalated.case, "dee", now)), /^it counts/);
    },
  );
}

const bank = authority({
  limits: [
    { role: "manager", upTo: "10000 USD" },
    { role: "manager", upTo: "15000 USD", over: "PT1M" },
  ],
});

function limits(check: Check): void {
  check("nobody lets more run than their limit, by themselves or by a modification", async (ledger) => {
    const held = await askedFor(ledger, asking("any"), "a", 10_001);
    const options = { authority: bank, by: reviewer("ana") };
    for (const verdict of ["approve", "modify"] as const) {
      const result = await changesNothing(ledger, held.proposal.id, () =>
        ledger.decide(decideRequest(held, verdict, options)),
      );
      assert.match(why(result), /^forbidden: ANA may approve up to 10,000 USD/);
    }
    // What the action makes of the arguments counts, not what was recorded.
    const small = await askedFor(ledger, asking("any"), "b", 1);
    const lying = decideRequest(small, "approve", options);
    const amount = { value: 10_001, currency: "USD" };
    assert.match(why(await ledger.decide({ ...lying, amount })), /^forbidden/);
    assert.match(why(await ledger.decide({ ...lying, amount: null })), /^it counts/);
    assert.ok((await ledger.decide(decideRequest(held, "reject", options))).ok);
  });

  check("what they let run within the time adds up, without what came to nothing", async (ledger, setTime) => {
    const by = { authority: bank };
    assert.equal(why(await say(ledger, await askedFor(ledger, asking("any"), "a", 9_000), "ana", by)), "it counts");
    const second = await askedFor(ledger, asking("any"), "b", 6_001);
    assert.match(why(await say(ledger, second, "ana", by)), /^forbidden: ANA has approved 9,000 USD within/);
    assert.equal(why(await say(ledger, second, "bo", by)), "it counts");
    const refusedByOthers = await askedFor(ledger, asking("two-person"), "c", 6_000);
    assert.equal(why(await say(ledger, refusedByOthers, "ana", by)), "it counts");
    const third = await askedFor(ledger, asking("any"), "d", 6_000);
    assert.match(why(await say(ledger, third, "ana", by)), /^forbidden/);
    const rejection = decideRequest(refusedByOthers, "reject", { by: reviewer("bo"), ...by });
    assert.ok((await ledger.decide(rejection)).ok);
    assert.equal(why(await say(ledger, third, "ana", by)), "it counts");
    await setTime(90);
    assert.equal(why(await say(ledger, await askedFor(ledger, asking("any"), "e", 9_999), "ana", by)), "it counts");
  });

  check("of 16 approvals at once no more count than the limit bears", async (ledger) => {
    const results = await race(async (racer) => {
      const held = await askedFor(ledger, asking("any"), `case ${racer}`, 4_000);
      return say(ledger, held, "ana", { authority: bank });
    });
    assert.equal(results.filter(({ ok }) => ok).length, 3);
  });
}

function limitsOfOne(check: Check): void {
  check("it adds up through whichever authenticators they let it run", async (ledger) => {
    const through = (id: string, authenticator: string, options: DecideOptions = {}): DecideOptions => ({
      authority: bank,
      by: { ...reviewer(id), authenticator },
      ...options,
    });
    for (const [key, authenticator, id] of [
      ["a", "sso", "ana"],
      ["b", "test", "ana"],
      ["c", "sso", "x\nana"],
      ["d", "sso", "an"],
      ["e", "sso", "dana"],
    ] as const) {
      const held = await askedFor(ledger, asking("any"), key, 7_000);
      assert.equal(why(await say(ledger, held, id, through(id, authenticator))), "it counts");
    }
    const third = await askedFor(ledger, asking("any"), "f", 1_001);
    for (const authenticator of ["sso", "test", "passkey"]) {
      const result = await changesNothing(ledger, third.proposal.id, () =>
        say(ledger, third, "ana", through("ana", authenticator)),
      );
      assert.match(why(result), /^forbidden: ANA has approved 14,000 USD within/);
    }
    const fourth = await askedFor(ledger, asking("any"), "g", 1_000);
    assert.equal(why(await say(ledger, fourth, "ana", through("ana", "passkey"))), "it counts");
  });
}

function needs(check: Check): void {
  const clinic = authority({ needs: [{ action: "refund", licence: "physician" }] });

  check("who lets it run holds the licence that it takes, at that time", async (ledger, setTime) => {
    await registered(ledger, known("ana", { licences: [{ name: "physician", until: moment(30) }] }), known("bo"));
    const held = await askedFor(ledger, asking("two-person"), "a");
    const by = { authority: clinic };
    assert.match(why(await say(ledger, held, "bo", by)), /^forbidden: BO may not .* licence physician/);
    assert.match(why(await say(ledger, held, "cy", by)), /^forbidden: .*not registered/);
    assert.equal(why(await say(ledger, held, "ana", by)), "it counts");
    await setTime(30);
    const later = await askedFor(ledger, asking("any"), "b");
    assert.match(why(await say(ledger, later, "ana", by)), /^forbidden: .*ran out/);
  });
}
