import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { AssentError, visibleText } from "assent";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { optionsHelp, readWords } from "../../src/cli/command.js";
import { policyCheckCommand } from "../../src/cli/commands/policy-check.js";
import { policyDiffCommand } from "../../src/cli/commands/policy-diff.js";
import { policyExplainCommand } from "../../src/cli/commands/policy-explain.js";
import { policyTestCommand } from "../../src/cli/commands/policy-test.js";
import { MAIN, runCli, type Ran } from "./run-cli.js";

const COMMANDS = {
  check: policyCheckCommand,
  diff: policyDiffCommand,
  explain: policyExplainCommand,
  test: policyTestCommand,
};

const FILES: Record<string, string> = {
  "fine.yaml": `
rules:
  - { id: sure, when: { confidence: { gte: 0.9 } }, route: execute }
  - { id: unsure, when: { confidence: { lt: 0.9 } }, route: review }
default: { route: review }
`,
  "doubtful.yaml": `
facts: { customer: { type: string } }
rules:
  - { id: small, action: refund, when: { amount: { lte: 50 USD }, confidence: { gt: 0.9 } }, route: execute }
  - { id: unsure, when: { confidence: { lt: 0.7 } }, route: review }
  - { id: dead, when: { confidence: { lt: 0.5 } }, route: flag }
  - { id: barred, when: { customer: { in: [c-13, "a\\u202eb"] } }, route: block }
default: { route: review }
`,
  "laxer.yaml": `
facts: { customer: { type: string } }
rules:
  - { id: small, action: refund, when: { amount: { lte: 90 USD }, confidence: { gt: 0.9 } }, route: execute }
  - { id: unsure, when: { confidence: { lt: 0.7 } }, route: review }
default: { route: review }
`,
  "broken.yaml": `
rules:
  - { id: up, when: { confidence: { gt: 0.9 } }, route: reveiw }
  - { id: sure\u202e, when: { confidense: { lt: 0.9 } }, route: flag }
default: { rout: review }
`,
  "falling.yaml": `
rules: [{ id: sure, when: { confidence: { gt: 0.9 } }, route: block }]
default: { route: execute }
`,
  "proposal.json": JSON.stringify({
    action: "refund",
    agent: "desk\u001b[2J",
    facts: { amount: { value: 75, currency: "USD" }, confidence: 0.62, customer: "c-13" },
  }),
  "misspelt.yaml": "{ action: refund, facts: { amount: 20 USD, confidense: 0.95, order: o-1, agent: desk } }",
  "timely.yaml": `
facts: { customer: { type: string } }
rules:
  - { id: night, when: { time: { hour: { lt: 6 } } }, route: review }
  - { id: much, when: { cumulative: { of: amount, per: customer, over: P1D, gt: 500 USD } }, route: review }
  - { id: often, action: refund, when: { rate: { per: customer, action: [refund, credit], over: P30D, gt: 3 } }, route: review }
  - { id: elsewhere, action: pay, when: { rate: { over: P1D, gt: 9 } }, route: review }
default: { route: review }
`,
  "untimely.yaml": "{ action: refund, agent: desk, facts: { amount: 20 USD, customer: al } }",
  "wrong.json": `{ "action": 5 }`,
  "cases.yaml": `
- { name: small, action: refund, facts: { amount: 20 USD, confidence: 0.95, customer: al }, expect: { route: execute, rules: [small] } }
- { name: barred, action: refund, facts: { amount: 20 USD, confidence: 0.95, customer: c-13 }, expect: { route: block } }
`,
  "failing.yaml": `
- { name: small, action: refund, facts: { amount: 20 USD, confidence: 0.95, customer: al }, expect: { route: execute } }
- { name: large, action: refund, facts: { amount: 70 USD, confidence: 0.95, customer: al }, expect: { route: execute, rules: [small] } }
`,
  "nonsense.yaml": "- { name: small, facts: {}, expect: { route: revew } }\n",
  "proposals.ndjson": [20, 70, 80, 95]
    .map((value) => {
      const facts = { amount: { value, currency: "USD" }, confidence: 0.95, customer: value === 80 ? "c-13" : "al" };
      return JSON.stringify({ id: `pr_${value}`, action: "refund", agent: "desk", facts });
    })
    .join("\n\n"),
};

let home: string;
const started = process.cwd();
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "assent-policy-"));
  for (const [name, content] of Object.entries(FILES)) await writeFile(join(home, name), content);
  process.chdir(home);
});
afterAll(async () => {
  process.chdir(started);
  await rm(home, { recursive: true, force: true });
});

/** How a command ended and what it printed, within this process; or the code of the error that it threw. */
async function policy(
  name: keyof typeof COMMANDS,
  ...args: string[]
): Promise<{ code: number | string; stdout: string }> {
  const { words, options } = readWords(args);
  const said: string[] = [];
  const print = (line: string): void => void said.push(`${line}\n`);
  const environment = { NO_COLOR: "1" };
  const code = await COMMANDS[name]
    .run({ positionals: words, options, environment, print, note: print })
    .catch((error: unknown) => (AssentError.isInstance(error) ? error.code : Promise.reject(error as Error)));
  const stdout = said.join("");
  expect(stdout.split("\n").filter((line) => visibleText(line) !== line)).toEqual([]);
  if (!options.json) expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  return { code, stdout };
}

/** The same in a process of its own, as users run it. */
const asProcess = (...words: string[]): Promise<Ran> => runCli(["policy", ...words], { cwd: home });

describe("assent policy check", () => {
  test("says that a policy is fine", async () => {
    expect(await policy("check", "fine.yaml", "--strict")).toEqual({
      code: 0,
      stdout: "fine.yaml: fine\n",
    });
  });

  test("warns, each time with rules and a proposal, and ends with 0, or with 1 where warnings count", async () => {
    const [lenient, strict, json] = await Promise.all([
      policy("check", "doubtful.yaml"),
      policy("check", "doubtful.yaml", "--strict"),
      policy("check", "doubtful.yaml", "--strict", "--json"),
    ]);
    expect(lenient).toMatchObject({ code: 0 });
    expect(lenient.stdout).toContain('unreachable: Rule "dead" (flag) never decides: wherever it matches, rule');
    expect(lenient.stdout).toMatch(/\ngap: No rule matches /);
    expect(lenient.stdout).toMatch(/\noverlap: Rules "barred" \(block\) and "small" \(execute\)/);
    expect(lenient.stdout).toMatch(/\n {2}such as \{ "action": "/);
    expect(lenient.stdout).toMatch(/\ndoubtful\.yaml: \d+ warnings\n$/);
    expect(strict).toEqual({ ...lenient, code: 1 });
    const told = JSON.parse(json.stdout) as { ok: boolean; findings: { kind: string; rules: string[] }[] };
    expect(json.code).toBe(1);
    expect(told).toMatchObject({ ok: false, file: "doubtful.yaml", unfinished: [], opaque: [] });
    expect(new Set(told.findings.map(({ kind }) => kind))).toEqual(new Set(["unreachable", "gap", "overlap"]));
  });

  test("tells everything that keeps a policy from loading at once, and ends with 1", async () => {
    const [broken, json, falling] = await Promise.all([
      policy("check", "broken.yaml"),
      policy("check", "broken.yaml", "--json"),
      policy("check", "falling.yaml"),
    ]);
    expect(broken).toMatchObject({ code: 1 });
    expect(broken.stdout).toMatch(/^broken\.yaml cannot be loaded, [4-6] problems:\n {2}broken\.yaml:3:/);
    for (const words of ["did you mean `review`?", "broken.yaml:4:", "confidense", "broken.yaml:5:"]) {
      expect(broken.stdout).toContain(words);
    }
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      error: "policy_invalid",
      problems: expect.arrayContaining([expect.stringMatching(/^broken\.yaml:3:\d+ \$\.rules\[0\]\.route: /)]),
    });
    expect(falling.code).toBe(1);
    expect(falling.stdout).toMatch(/never to be routed\s+laxer/);
  });

  test("refuses what it cannot read, and words that it does not know", async () => {
    const codes = await Promise.all([
      policy("check", "none.yaml"),
      policy("check"),
      policy("check", "fine.yaml", "fine.yaml"),
    ]);
    expect(codes.map(({ code, stdout }) => [code, stdout])).toEqual([
      ["policy_unreadable", ""],
      ["usage", ""],
      ["usage", ""],
    ]);
  });

  test("as a process, says it with its exit code", async () => {
    const strict = await asProcess("check", "doubtful.yaml", "--strict");
    expect(strict).toMatchObject({ code: 1, stderr: "", stdout: (await policy("check", "doubtful.yaml")).stdout });
    const none = await asProcess("check", "none.yaml");
    expect(none).toMatchObject({ code: 3, stdout: "" });
    expect(none.stderr).toMatch(/^assent: The policy file cannot be read: .*none\.yaml.*\[policy_unreadable\]\n$/);
    const stray = await asProcess("check", "fine.yaml", "--schema", "x");
    expect(stray).toMatchObject({ code: 2, stdout: "" });
    expect(stray.stderr).toContain("`policy check` takes no --schema");
  });
});

describe("assent policy explain", () => {
  test("tells the route, the sentence, and every rule's part in it", async () => {
    const { code, stdout } = await policy("explain", "doubtful.yaml", "--proposal", "proposal.json");
    expect(code).toBe(0);
    expect(stdout).toBe(
      `refund by desk⟦U+001B⟧[2J: block
  Rule "barred" blocks it: customer "c-13" is one of "c-13" or "a⟦U+202E⟧b";
    rule "unsure" (review) matched too but is laxer.

small (execute) does not match
  amount 75 USD is above 50 USD
  confidence 0.62 is at most 0.9

unsure (review) matches, but is overruled
  confidence 0.62 is below 0.7

dead (flag) does not match
  confidence 0.62 is at least 0.5

barred (block) decides
  customer "c-13" is one of "c-13" or "a⟦U+202E⟧b"
`,
    );
  });

  test("says which facts the policy knows nothing of, and reads an amount as a policy has it", async () => {
    const { stdout } = await policy("explain", "doubtful.yaml", "--proposal", "misspelt.yaml");
    expect(stdout).toContain(`
  Note: the policy declares no fact "confidense", and reads it nowhere: did
    you mean "confidence"?
  Note: the policy declares no fact "order", and reads it nowhere
  Note: agent is the proposal's own, never one of its facts
`);
    expect(stdout).not.toContain("amount is");
    const told = await policy("explain", "doubtful.yaml", "--proposal", "misspelt.yaml", "--json");
    const { proposal, undeclared } = JSON.parse(told.stdout) as { proposal: object; undeclared: string[] };
    expect(proposal).toMatchObject({ facts: { amount: { value: 20, currency: "USD" } } });
    expect(undeclared).toHaveLength(3);
  });

  test("says what to add to the proposal where the time or earlier cases are not known", async () => {
    const { stdout } = await policy("explain", "timely.yaml", "--proposal", "untimely.yaml");
    const [, hint = ""] = stdout.split("\nWhat is not known the proposal can say, each with a value of your own:\n");
    expect(parse(hint)).toEqual({
      at: "2026-03-30T10:30:00Z",
      history: { 'cases of "credit", "refund" per customer within P30D': 0, "sum of USD per customer within P1D": 0 },
    });
    const told = `${FILES["untimely.yaml"]!.slice(0, -2)}, ${hint.trim().replace("\n", ",\n")} }`;
    await writeFile(join(home, "timely-proposal.yaml"), told);
    const after = await policy("explain", "timely.yaml", "--proposal", "timely-proposal.yaml");
    expect(after.code).toBe(0);
    expect(after.stdout).not.toContain("not known");
    const json = await policy("explain", "timely.yaml", "--proposal", "untimely.yaml", "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      unknown: {
        at: true,
        history: ['cases of "credit", "refund" per customer within P30D', "sum of USD per customer within P1D"],
      },
    });
  });

  test("takes the proposal from standard input, and prints JSON where that is asked for", async () => {
    const child = spawn(process.execPath, [MAIN, "policy", "explain", "doubtful.yaml", "--proposal", "-", "--json"], {
      cwd: home,
      stdio: ["pipe", "pipe", "inherit"],
    });
    child.stdin.end("{ action: pay, facts: { confidence: 0.8 } }");
    const [[code], stdout] = await Promise.all([once(child, "exit"), text(child.stdout)]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      proposal: { action: "pay", agent: "any" },
      routing: { route: "review", failedClosed: true },
      rules: [{ result: "unmatched" }, { result: "unmatched" }, { result: "unmatched" }, { result: "unclear" }],
    });
  });

  test("ends with 1 if the proposal is wrong, and refuses to do without one", async () => {
    const [wrong, without, none] = await Promise.all([
      policy("explain", "doubtful.yaml", "--proposal", "wrong.json"),
      policy("explain", "doubtful.yaml"),
      policy("explain", "doubtful.yaml", "--proposal", "none.json"),
    ]);
    expect(wrong).toMatchObject({ code: 1 });
    expect(wrong.stdout).toMatch(/^wrong\.json cannot be loaded, 2 problems:\n {2}wrong\.json:1:1 /);
    expect(without).toEqual({ code: "usage", stdout: "" });
    expect(none).toEqual({ code: "policy_unreadable", stdout: "" });
  });
});

describe("assent policy test", () => {
  test("passes case by case and ends with 0", async () => {
    expect(await policy("test", "doubtful.yaml", "cases.yaml")).toEqual({
      code: 0,
      stdout: "pass: small\npass: barred\n\n2 cases: 2 passed, 0 failed\n",
    });
  });

  test("explains what failed and ends with 1", async () => {
    const [plain, json] = await Promise.all([
      policy("test", "doubtful.yaml", "failing.yaml"),
      policy("test", "doubtful.yaml", "failing.yaml", "--json"),
    ]);
    expect(plain).toEqual({
      code: 1,
      stdout: `pass: small
FAIL: large
      expected route execute; got review
      expected "small" to match; got no rule
      No rule matches; the default is review.

2 cases: 1 passed, 1 failed
`,
    });
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      passed: 1,
      failed: 1,
      results: [{}, { name: "large" }],
    });
  });

  test("tells what is wrong with the cases, with line and column", async () => {
    const { code, stdout } = await policy("test", "doubtful.yaml", "nonsense.yaml");
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^nonsense\.yaml cannot be loaded, 2 problems:\n {2}nonsense\.yaml:1:3 \$\[0\]: expected `action`/,
    );
    expect(await policy("test", "doubtful.yaml", "none.yaml")).toEqual({ code: "policy_unreadable", stdout: "" });
  });
});

describe("assent policy diff", () => {
  test("counts the moves, tells first what became laxer, and ends as it is asked to", async () => {
    const [ran, failing, unchanged] = await Promise.all([
      policy("diff", "doubtful.yaml", "laxer.yaml", "--proposals", "proposals.ndjson"),
      policy("diff", "doubtful.yaml", "laxer.yaml", "--proposals", "proposals.ndjson", "--fail-on-laxer"),
      policy("diff", "doubtful.yaml", "doubtful.yaml", "--proposals", "proposals.ndjson", "--fail-on-laxer"),
    ]);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toMatch(
      /^ {7}1 {2}block {3}-> execute {2}laxer\n {7}1 {2}review {2}-> execute {2}laxer\n {7}1 {2}\w+ +-> \w+ +same\n/,
    );
    expect(ran.stdout).toContain('\nline 5: refund by desk, { "amount": { "value": 80, "currency": "USD" },');
    expect(ran.stdout).toContain('\n  before: Rule "barred" blocks it');
    expect(ran.stdout).toContain('\n  now: Rule "small" lets it execute');
    expect(ran.stdout).toMatch(/\n4 proposals: 2 laxer, 0 asks for less, 0 stricter, 2 same\n$/);
    expect(failing).toEqual({ ...ran, code: 1 });
    expect(unchanged.code).toBe(0);
  });

  test("prints JSON with the lines of its examples, and refuses what is no proposal", async () => {
    const [json, wrong, without] = await Promise.all([
      policy("diff", "doubtful.yaml", "laxer.yaml", "--proposals", "proposals.ndjson", "--json"),
      policy("diff", "doubtful.yaml", "laxer.yaml", "--proposals", "cases.yaml"),
      policy("diff", "doubtful.yaml", "laxer.yaml"),
    ]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      proposals: 4,
      counts: { laxer: 2, same: 2 },
      moves: [{ from: "block", to: "execute", examples: [{ line: 5 }] }, { from: "review", to: "execute" }, {}, {}],
    });
    expect(wrong).toMatchObject({ code: 1 });
    expect(wrong.stdout).toMatch(/^cases\.yaml cannot be loaded, 2 problems:\n {2}cases\.yaml:2:1 /);
    expect(without).toEqual({ code: "usage", stdout: "" });
  });
});

describe("the help of these commands", () => {
  test("has their own options and exit codes, and nothing about Postgres", async () => {
    const { code, stdout } = await asProcess("diff", "--help");
    expect(code).toBe(0);
    for (const word of [
      "Usage: assent policy diff OLD NEW",
      "--json",
      "--proposals FILE",
      "--fail-on-laxer",
      "Ends with 0",
    ]) {
      expect(stdout).toContain(word);
    }
    expect(stdout).not.toMatch(/DATABASE_URL|--schema|--strict/);
  });

  test.each(Object.values(COMMANDS))(
    "$name: fits a terminal and tells every exit code",
    ({ details, options = [] }) => {
      const help = `${details}\n\n${optionsHelp(options)}`;
      expect(help.split("\n").filter((line) => line.length > 80)).toEqual([]);
      expect(details).toMatch(/Ends with 0[^]*with 1[^]*with 3/);
    },
  );
});
