import { parseArgs } from "node:util";
import { benchDecision } from "./decision.js";
import { benchPolicy } from "./policy.js";
import { benchQueue } from "./queue.js";

/** Every bench by its name; each returns figures, to be printed or compared. */
const BENCHES: Readonly<Record<string, (log: (line: string) => void) => Figures | Promise<Figures>>> = {
  policy: benchPolicy,
  queue: benchQueue,
  decision: benchDecision,
};

/** What a bench measured: names of cases, and for each its figures by name with their unit. */
export type Figures = Record<string, Record<string, number>>;

const HELP = `npm run bench -- [--only NAME]... [--json]

  --only NAME   run this one only (${Object.keys(BENCHES).join(", ")}); also several, with commas
  --json        print one JSON object {"NAME":{"CASE":{"FIGURE":number}}}
  --help        print this`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const names = values.only?.flatMap((each) => each.split(",")) ?? Object.keys(BENCHES);
  const results: Record<string, Figures> = {};
  for (const name of names) {
    const bench = BENCHES[name];
    if (bench === undefined) {
      console.error(`There is no bench ${JSON.stringify(name)}.\n\n${HELP}`);
      return 2;
    }
    results[name] = await bench((line) => process.stderr.write(`${name}: ${line}\n`));
  }
  if (values.json) console.log(JSON.stringify(results));
  else for (const [name, figures] of Object.entries(results)) print(name, figures);
  return 0;
}

function print(name: string, figures: Figures): void {
  for (const [each, measured] of Object.entries(figures)) {
    const texts = Object.entries(measured).map(([figure, value]) => `${figure} ${value}`);
    console.log(`${name} ${each}: ${texts.join(", ")}`);
  }
}

process.exitCode = await main();
