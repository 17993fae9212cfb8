import { readFile, writeFile } from "node:fs/promises";
import type { Attack } from "./victim.js";

const README = new URL("../../README.md", import.meta.url);
const BEGIN = "<!-- attacks:begin -->";
const END = "<!-- attacks:end -->";

/** Whom an attack was carried out against. */
type Against = "plain" | "assent";

/** How many undue effects each attack had, as it was seen on disk. */
export class Observations {
  readonly #seen = new Map<string, number>();

  add({ title }: Attack, against: Against, host: string, undue: number): void {
    const key = JSON.stringify([title, against, host]);
    this.#seen.set(key, (this.#seen.get(key) ?? 0) + undue);
  }

  /**
   * What was seen.
   *
   * @throws if the attack was not carried out.
   */
  of({ title }: Attack, against: Against, host: string): number {
    const seen = this.#seen.get(JSON.stringify([title, against, host]));
    if (seen !== undefined) return seen;
    throw new Error(`"${title}" was not carried out against ${against} on ${host}: run the whole folder`);
  }
}

/** Renders the table in Markdown. */
export function attackTable(
  attacks: readonly Attack[],
  hosts: readonly { name: string }[],
  observed: Observations,
): string {
  const rows = attacks.map((attack) => {
    const cells = (["plain", "assent"] as const).map((against) =>
      cell(attack, hosts, (host) => observed.of(attack, against, host)),
    );
    return `| ${attack.title} | ${attack.ways.length} | ${cells.join(" | ")} |`;
  });
  return [
    "| attack | ways tried | plain `interrupt()`: undue effects | Assent: undue effects |",
    "| --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

/** One number where all hosts agree; words where the number would depend on timing. */
function cell(
  { racing = false }: Attack,
  hosts: readonly { name: string }[],
  seenOn: (host: string) => number,
): string {
  const counts = hosts.map(({ name }) => seenOn(name));
  const [first = 0] = counts;
  if (racing && counts.every((count) => count > 0)) return "many";
  if (counts.every((count) => count === first)) return String(first);
  return hosts.map(({ name }, index) => `${counts[index]} on ${name}`).join(", ");
}

/**
 * The table as README.md has it.
 *
 * @throws if README.md has no place for it.
 */
export async function readmeTable(): Promise<string> {
  const { text, from, to } = await place();
  return text.slice(from, to).trim();
}

/** Puts the table into README.md. */
export async function writeReadmeTable(table: string): Promise<void> {
  const { text, from, to } = await place();
  await writeFile(README, `${text.slice(0, from)}\n${table}\n${text.slice(to)}`);
}

async function place(): Promise<{ text: string; from: number; to: number }> {
  const text = await readFile(README, "utf8");
  const from = text.indexOf(BEGIN) + BEGIN.length;
  const to = text.indexOf(END);
  if (from < BEGIN.length || to < from) {
    throw new Error(`README.md must have ${BEGIN} and, after it, ${END}: the table of attacks belongs between them`);
  }
  return { text, from, to };
}
