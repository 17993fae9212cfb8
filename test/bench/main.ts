import { cpus, loadavg } from "node:os";
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

/** What a bench measured: figures by their names with their unit, or by the name of a case, its figures. */
type Figures = Record<string, number | Record<string, number>>;

const HELP = `npm run bench -- [--only NAME]... [--json]

  --only NAME   run this one only (${Object.keys(BENCHES).join(", ")}); also several, with commas
  --json        print one JSON object {"machine":{…},"NAME":{…}}
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
  const [loadBefore] = loadavg();
  for (const name of names) {
    const bench = BENCHES[name];
    if (bench === undefined) {
      console.error(`There is no bench ${JSON.stringify(name)}.\n\n${HELP}`);
      return 2;
    }
    results[name] = await bench((line) => process.stderr.write(`${name}: ${line}\n`));
  }
  const machine = { ...machineNow(), loadBefore, loadAfter: loadavg()[0] };
  if (values.json) console.log(JSON.stringify({ machine, ...results }));
  else
    console.log(
      `machine: ${Object.entries(machine)
        .map((each) => each.join(" "))
        .join(", ")}`,
    );
  if (!values.json) for (const [name, figures] of Object.entries(results)) print(name, figures);
  return 0;
}

/** What the figures were measured on: they say nothing without it. */
function machineNow() {
  const processors = cpus();
  return { processors: processors.length, model: processors[0]?.model ?? "unknown", node: process.version };
}

function print(name: string, figures: Figures): void {
  for (const [each, measured] of Object.entries(figures)) {
    if (typeof measured === "number") console.log(`${name}: ${each} ${measured}`);
    else
      console.log(
        `${name} ${each}: ${Object.entries(measured)
          .map((figure) => figure.join(" "))
          .join(", ")}`,
      );
  }
}

process.exitCode = await main();
