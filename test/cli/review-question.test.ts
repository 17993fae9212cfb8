import { visibleText, type Ledger } from "assent";
import { postgresLedger } from "assent/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { openProject, type Project } from "./configured.js";
import { officeText, waiting } from "./review-office.js";
import { runCli, type Ran } from "./run-cli.js";

const GATES = `
  askHuman(assent, {
    question: "?",
    answer: z.object({
      limit: z.number().min(5).max(900).describe("In USD, for a year"),
      basis: z.enum(["history", "it's agreed"]),
      contact: z.object({ name: z.string(), mail: z.email().optional() }).optional(),
    }),
  }).build("limit");
  askHuman(assent, { question: "?", answer: z.object({ limit: z.number() }) }).build("short");
  askHuman(assent, { question: "?", answer: z.union([z.int(), z.literal("none")]) }).build("either");
  const text = z.string().min(30).describe("x".repeat(200));
  askHuman(assent, { question: "?", answer: z.object({ first: text, second: text, third: text }) }).build("long");
`;

let fresh: FreshSchema;
let ledger: Ledger;
let project: Project;
beforeAll(async () => {
  fresh = await freshSchema();
  ledger = postgresLedger(fresh);
  project = openProject();
  project.write("assent.config.ts", officeText({ ...fresh, gates: GATES }));
  project.write("bare.config.ts", officeText(fresh));
});
afterAll(async () => {
  project.remove();
  await fresh.close();
});

const review = (...words: string[]): Promise<Ran> => runCli(["review", ...words], { cwd: project.folder });

const asked = (gate: string): ReturnType<typeof waiting> =>
  waiting(ledger, {
    action: `ask.${gate}`,
    kind: "question",
    args: { question: "How much may Ada have?" },
    summary: "How much may Ada have?",
  });

/** What `review show` prints, once it is seen to fit a terminal. */
async function shown(id: string, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await review("show", id, ...words);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.split("\n").filter((line) => line.length > 80 || visibleText(line) !== line)).toEqual([]);
  return stdout;
}

describe("the form of an answer", () => {
  test("is shown field by field, with an example that no command line takes for an answer", async () => {
    const { id, digest } = await asked("limit");
    const text = await shown(id);
    expect(text).toContain(`What is answered, as JSON:
  limit: number (at least 5, at most 900), required: In USD, for a year
  basis: one of "history", "it's agreed", required
  contact: object, may be left out
  contact.name: text, required
  contact.mail: text (email), may be left out
  such as { "limit": 5, "basis": "history" }
`);
    expect(text).toContain(`npx assent review answer ${id} \\\n  --answer JSON \\\n--digest ${digest}\n`);
    const said = await review("answer", id, "--digest", digest, "--answer", '{"limit":5,"basis":"history"}');
    expect(said).toMatchObject({ code: 0, stderr: "" });
  });

  test("is in JSON a JSON Schema", async () => {
    const { id, digest } = await asked("short");
    const { stdout } = await review("show", id, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      answerSchema: { type: "object", properties: { limit: { type: "number" } }, required: ["limit"] },
      commands: expect.arrayContaining([`npx assent review answer ${id} --answer JSON --digest ${digest}`]) as string[],
    });
    const approval = await waiting(ledger);
    const other = await review("show", approval.id, "--json");
    expect(JSON.parse(other.stdout)).toMatchObject({ answerSchema: null, whyNotYours: null });
  });

  test("may be no object", async () => {
    const { id } = await asked("either");
    const text = await shown(id);
    expect(text).toContain('What is answered, as JSON:\n  whole number or "none"\n  such as 0\n');
  });

  test("has an example of several lines where it is long", async () => {
    const { id } = await asked("long");
    const text = await shown(id);
    expect(text).toMatch(/What is answered, as JSON:\n {2}first: text \(30 characters at least\), required:/);
    expect(text).toMatch(/\n {2}such as \{ "first": "text\.+",\s+"second"/);
  });

  test("is of a clarification the one that the policy gives", async () => {
    const answer = {
      type: "object",
      properties: { order: { type: "string", enum: ["A-1", "A-2"] } },
      required: ["order"],
    };
    const { id } = await waiting(ledger, {
      kind: "clarification",
      policy: { default: { route: "clarify", review: { answer } } },
    });
    const text = await shown(id);
    expect(text).toContain('as JSON:\n  order: one of "A-1", "A-2", required\n  such as { "order": "A-1" }\n');
  });

  test("is said not to be known where no gate of the configuration asks so", async () => {
    const { id } = await asked("limit");
    const text = await shown(id, "--config", "bare.config.ts");
    expect(text.replaceAll(/\s+/g, " ")).toContain(
      'there is no action "ask.limit" in this configuration. Import the graph',
    );
    expect(text).toContain("  --answer JSON --config bare.config.ts \\\n");
    const { stdout } = await review("show", id, "--json", "--config", "bare.config.ts");
    expect(JSON.parse(stdout)).toMatchObject({ answerSchema: null });
  });
});

describe("an answer", () => {
  test("that does not fit is refused as an answer", async () => {
    const { id, digest } = await asked("limit");
    const answer = '{"limit":1,"basis":"history"}';
    const { code, stdout, stderr } = await review("answer", id, "--digest", digest, "--answer", answer);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /^assent: The answer does not fit the question: limit: .+ \(at answer\.limit\); seen: \{"limit":1/,
    );
    expect(stderr).toContain("[args_invalid]");
    expect(stderr).not.toMatch(/arguments|ask\.limit/);
    const other = await review("answer", id, "--digest", digest, "--answer", '"much"', "--json");
    expect(JSON.parse(other.stdout)).toMatchObject({
      ok: false,
      error: "args_invalid",
      message: expect.stringMatching(/^The answer does not fit the question: \(whole\): /) as string,
    });
  });

  test("is handed on, and shown once it is given", async () => {
    const { id, digest } = await asked("short");
    const said = await review("answer", id, "--digest", digest, "--answer", '{"limit":250}');
    expect(said.stdout).toMatch(
      /^You answered: How much may Ada have\?\nIt is answered\. A worker, or whoever runs thread/,
    );
    expect(said.stdout).not.toContain("It may run");
    const text = await shown(id);
    expect(text).toMatch(/^How much may Ada have\?\n/);
    expect(text).toMatch(/What was said:\n {2}.+: answer \{ "limit": 250 \}, at /);
  });
});
