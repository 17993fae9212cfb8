import { readFile, writeFile } from "node:fs/promises";
import { isExpressible, isForPlain, type Attack, type Way } from "./attack.js";
import type { HostName } from "./hosts/host.js";
import type { Observations } from "./observations.js";

const README = new URL("../../README.md", import.meta.url);

/** Which table of README.md: of the attacks, or of the patterns that they were carried out on. */
export type TableName = "attacks" | "patterns";

type Named = { name: HostName };

/** Renders the table in Markdown, with what could not be tried, and why. */
export function attackTable(attacks: readonly Attack[], hosts: readonly Named[], observed: Observations): string {
  const titles = ["attack", "ways tried", "plain `interrupt()`", ...hosts.map(({ name }) => `Assent on ${name}`)];
  const rows = attacks.map((attack) => [
    attack.title,
    String(attack.ways.length),
    plainCell(attack, hosts, observed),
    ...hosts.map(({ name }) => (isTried(attack, name) ? String(observed.of(attack, "assent", name)) : "n/a")),
  ]);
  const lines = [titles, titles.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return [...lines, "", ...exceptions(attacks, hosts)].join("\n").trim();
}

function isTried({ ways }: Attack, host: HostName, aims: (way: Way) => boolean = () => true): boolean {
  return ways.some((way) => isExpressible(way, host) && aims(way));
}

/** One number where all hosts agree; words where the number would depend on timing. */
function plainCell(attack: Attack, hosts: readonly Named[], observed: Observations): string {
  const counts = hosts
    .filter(({ name }) => isTried(attack, name, isForPlain))
    .map(({ name }) => ({ name, count: observed.of(attack, "plain", name) }));
  const said = counts.map(({ name, count }) => ({ name, text: attack.racing && count > 0 ? "many" : String(count) }));
  const kinds = [...new Set(said.map(({ text }) => text))];
  if (kinds.length <= 1) return kinds[0] ?? "n/a";
  return kinds
    .map(
      (kind) =>
        `${kind} on ${said
          .filter(({ text }) => text === kind)
          .map(({ name }) => name)
          .join(" and ")}`,
    )
    .join(", ");
}

/** What could not be tried where, with the reasons. */
function exceptions(attacks: readonly Attack[], hosts: readonly Named[]): string[] {
  const found = new Map<string, string[]>();
  for (const { title, ways } of attacks) {
    for (const { name, notPlain } of ways.filter((each) => !isForPlain(each))) {
      const because = `without Assent, ${notPlain ?? ""}`;
      found.set(because, [...(found.get(because) ?? []), `${title}: ${name}`]);
    }
    for (const { name } of hosts) {
      for (const way of ways.filter((each) => !isExpressible(each, name))) {
        const because = `on ${name}, ${way.notOn?.[name] ?? ""}`;
        found.set(because, [...(found.get(because) ?? []), `${title}: ${way.name}`]);
      }
    }
  }
  if (found.size === 0) return [];
  return ["What could not be tried:", "", ...[...found].map(([because, what]) => `- ${what.join("; ")}: ${because}.`)];
}

/**
 * A table as README.md has it.
 *
 * @throws if README.md has no place for it.
 */
export async function readmeTable(name: TableName): Promise<string> {
  const { text, from, to } = await place(name);
  return text.slice(from, to).trim();
}

/** Puts a table into README.md. */
export async function writeReadmeTable(name: TableName, table: string): Promise<void> {
  const { text, from, to } = await place(name);
  await writeFile(README, `${text.slice(0, from)}\n${table}\n${text.slice(to)}`);
}

async function place(name: TableName): Promise<{ text: string; from: number; to: number }> {
  const begin = `<!-- ${name}:begin -->`;
  const end = `<!-- ${name}:end -->`;
  const text = await readFile(README, "utf8");
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(end);
  if (from < begin.length || to < from) {
    throw new Error(`README.md must have ${begin} and, after it, ${end}: the table of ${name} belongs between them`);
  }
  return { text, from, to };
}
