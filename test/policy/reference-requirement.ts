import type { PolicyDocument } from "../../src/policy/document.js";

/** What is asked of people, said plainly; shares no code with the one under test. */
export interface ExpectedRequirement {
  readonly panels: string[];
  readonly withinMs: number | null;
  readonly otherwise: string;
  readonly escalateTo: unknown[];
  readonly windowMs: number | null;
  readonly stepUp: string | null;
  readonly reasonCodes: string[] | null;
  readonly answers: string[];
  readonly show: string[];
}

type Terms = Record<string, unknown>;

const STRICT_LAST = ["execute", "escalate", "reject", "hold"];
const STRONG_LAST = ["password", "otp", "passkey"];
const SILENT: Terms = {};

/** What the rules that decided ask together, in the words of their documents. */
export function expectedRequirement(
  { default: fallback }: PolicyDocument,
  rules: readonly { route: string; review?: unknown }[],
  { isDefault, failedClosed }: { isDefault: boolean; failedClosed: boolean },
): ExpectedRequirement | undefined {
  const asked = isDefault ? [fallback] : rules;
  const route = isDefault && failedClosed ? "review" : (asked[0]?.route ?? "");
  if (["execute", "flag", "block"].includes(route)) return undefined;
  const own = asked.map((rule) => {
    if (rule.route !== route) return SILENT;
    return (rule.review ?? (rule.route === fallback.route ? fallback.review : undefined) ?? SILENT) as Terms;
  });
  const result = together(own, failedClosed);
  const plain = together([SILENT], false);
  return JSON.stringify(result) === JSON.stringify(plain) ? undefined : result;
}

function together(all: readonly Terms[], failedClosed: boolean): ExpectedRequirement {
  const given = <T>(name: string): T[] => all.flatMap((terms) => (terms[name] === undefined ? [] : [terms[name] as T]));
  const endings = all.map((terms) => (terms.otherwise ?? "hold") as string);
  let otherwise = STRICT_LAST.findLast((word) => endings.includes(word)) ?? "hold";
  const ways = new Set(given<unknown[]>("escalateTo").map((way) => JSON.stringify(way)));
  if (otherwise === "escalate" && ways.size > 1) otherwise = "hold";
  if (otherwise === "execute" && failedClosed) otherwise = "hold";
  const lists = given<string[]>("reasonCodes");
  const common = ["error", "fraud", "other"].filter((code) => lists.every((list) => list.includes(code)));
  const codes = common.length > 0 ? common : [...new Set(lists.flat())];
  const windows = given<string>("window").map(ms);
  const times = given<string>("within").map(ms);
  return {
    panels: panelsOf(all),
    withinMs: times.length === 0 ? null : Math.min(...times),
    otherwise,
    escalateTo: otherwise === "escalate" ? given<unknown[]>("escalateTo")[0]! : [],
    windowMs: windows.length === 0 ? null : Math.max(...windows),
    stepUp: STRONG_LAST.findLast((word) => given("stepUp").includes(word)) ?? null,
    reasonCodes: lists.length === 0 ? null : codes.toSorted(),
    answers: [...new Set(given("answer").map((form) => JSON.stringify(form)))].toSorted(),
    show: [...new Set(given<string[]>("show").flat())].toSorted(),
  };
}

function panelsOf(all: readonly Terms[]): string[] {
  const panels = all.map((terms) => {
    const by = ((terms.by ?? []) as object[])
      .map((who) => JSON.stringify(who))
      .toSorted()
      .join();
    return { by, quorum: (terms.quorum ?? "any") as string, tieBreak: (terms.tieBreak ?? "reject") as string };
  });
  const needed = panels.filter(({ by, quorum }) => {
    if (quorum !== "any") return true;
    if (by === "") return panels.every((other) => other.by === "" && other.quorum === "any");
    return !panels.some((other) => other.by === by && other.quorum !== "any");
  });
  const texts = needed.map(({ by, quorum, tieBreak }) =>
    by === "" && quorum === "any" ? "anybody" : `${by} ${quorum} ${tieBreak}`,
  );
  return [...new Set(texts)].toSorted();
}

const TIMES: Record<string, number> = { PT1H: 60, PT1H30M: 90, PT2H: 120, PT30M: 30, P1D: 24 * 60 };

function ms(text: string): number {
  return (TIMES[text] ?? Number.NaN) * 60_000;
}

/** A requirement as the policy gives it, in the same plain form. */
export function plainRequirement(requires: {
  panels: { by: object[]; quorum: string; tieBreak: string }[];
  withinMs: number | null;
  otherwise: string;
  escalateTo: { by: object[]; withinMs: number | null; otherwise: string }[];
  windowMs: number | null;
  stepUp: string | null;
  reasonCodes: string[] | null;
  answer: Record<string, unknown> | null;
  show: string[];
}): ExpectedRequirement {
  const { panels, answer, escalateTo, ...rest } = requires;
  const forms = answer === null ? [] : Array.isArray(answer.allOf) ? (answer.allOf as unknown[]) : [answer];
  return {
    panels: panelsOf(panels),
    withinMs: rest.withinMs,
    otherwise: rest.otherwise,
    escalateTo: escalateTo.map(({ by, withinMs, otherwise }) => ({
      by,
      otherwise,
      within: withinMs === 7_200_000 ? "PT2H" : withinMs,
    })),
    windowMs: rest.windowMs,
    stepUp: rest.stepUp,
    reasonCodes: rest.reasonCodes?.toSorted() ?? null,
    answers: forms.map((form) => JSON.stringify(form)).toSorted(),
    show: rest.show.toSorted(),
  };
}
