import type { Electorate, Tally, Vote } from "../../src/authority/votes.js";
import type { Panel, Selector } from "../../src/model/requirement.js";

/**
 * What a vote comes to, told from the places at which things happen in a line of letters, one a vote: `A`, `R`, `B`.
 * Slow, and nothing in it is shared with what it is compared with.
 */
export function expectedTally(panels: readonly Panel[], votes: readonly Vote[], electorate: Electorate): Tally {
  const once = votes.filter(({ by }, i) => votes.findIndex((other) => other.by.id === by.id) === i);
  const each = panels.map((panel, i) => {
    const own = once.filter((vote) => panel.by.length === 0 || panel.by.map((who) => means(who, vote)).includes(true));
    return ofPanel(panel, own, { seats: electorate.seats[i] ?? 0, seniority: electorate.seniority });
  });
  if (each.some((tally) => tally === "rejected")) return "rejected";
  return each.length === 0 || each.some((tally) => tally === "pending") ? "pending" : "approved";
}

function means(selector: Selector, { by }: Vote): boolean {
  const [[kind, name] = ["", ""]] = Object.entries(selector);
  return { role: by.roles, group: by.groups ?? [], person: [by.id] }[kind]?.includes(name) ?? false;
}

interface Voters {
  seats: number;
  seniority: readonly string[];
}

function ofPanel({ quorum, tieBreak }: Panel, votes: Vote[], { seats, seniority }: Voters): Tally {
  const line = votes.map(({ verdict }) => ({ approve: "A", reject: "R", abstain: "B" })[verdict]).join("");
  const sides = line.replaceAll("B", "");
  if (quorum === "any") return matching(sides, /^A/, /^R/);
  if (quorum === "two-person") {
    if (tieBreak === "reject") return matching(sides, /^AA/, /^A?R/);
    if (tieBreak === "majority") return matching(sides, /^(AA|ARA|RAA)/, /^(RR|ARR|RAR)/);
    return twoWithSeniors(
      votes.filter(({ verdict }) => verdict !== "abstain"),
      seniority,
    );
  }
  if (quorum === "unanimous" || quorum === "majority") {
    if (seats === 0) return "pending";
    const whole = line.length >= seats;
    const seated = line.slice(0, seats);
    if (quorum === "unanimous") {
      if (seated.includes("R")) return "rejected";
      if (!whole) return "pending";
      return seated.includes("A") ? "approved" : "rejected";
    }
    const half = Math.floor(seats / 2) + 1;
    if (placeOf("A", half, seated) < Infinity) return "approved";
    if (placeOf("R", half, seated) < Infinity) return "rejected";
    if (!whole) return "pending";
    if (tieBreak === "reject") return "rejected";
    if (tieBreak === "majority") return seated.split("A").length > seated.split("R").length ? "approved" : "rejected";
    const most = (verdict: string): number =>
      votes
        .slice(0, seats)
        .filter((vote) => vote.verdict === verdict)
        .map((vote) => rankOf(vote, seniority))
        .reduce((a, b) => (a > b ? a : b), -2);
    return most("approve") > most("reject") ? "approved" : "rejected";
  }
  const [, n, m] = /^(\d+)-of-(\d+)$/.exec(quorum) ?? [];
  const enough = placeOf("A", Number(n), line);
  const tooMany = placeOf("[RB]", Number(m) - Number(n) + 1, line);
  if (enough === tooMany) return "pending";
  return enough < tooMany ? "approved" : "rejected";
}

function matching(line: string, approved: RegExp, rejected: RegExp): Tally {
  if (approved.test(line)) return "approved";
  return rejected.test(line) ? "rejected" : "pending";
}

/** Where something happens for the n-th time; never, if it does not. */
function placeOf(letter: string, n: number, line: string): number {
  const places = [...line.matchAll(new RegExp(letter, "g"))].map(({ index }) => index);
  return places[n - 1] ?? Infinity;
}

function rankOf({ by }: Vote, seniority: readonly string[]): number {
  for (let rank = seniority.length - 1; rank >= 0; rank--) if (by.roles.includes(seniority[rank]!)) return rank;
  return -1;
}

function twoWithSeniors(votes: Vote[], seniority: readonly string[]): Tally {
  for (let k = 2; k <= votes.length; k++) {
    const soFar = votes.slice(0, k);
    const yes = soFar.filter(({ verdict }) => verdict === "approve").map((vote) => rankOf(vote, seniority));
    const no = soFar.filter(({ verdict }) => verdict === "reject").map((vote) => rankOf(vote, seniority));
    if (!no.every((rejecter) => yes.some((approver) => rejecter < approver))) return "rejected";
    if (yes.length >= 2) return "approved";
  }
  return "pending";
}
