/** A way of an attack, by its names. */
export interface Named {
  title: string;
  way: string;
}

/** What could not be tried, a reason a line. Folded away: it is long, and of interest to few. */
export function untried(summary: string, reasons: ReadonlyMap<string, readonly Named[]>): string[] {
  if (reasons.size === 0) return [];
  const lines = [...reasons].map(([why, ways]) => `- ${why}. ${byTitle(ways)}`);
  return ["<details>", `<summary>${summary}</summary>`, "", ...lines, "", "</details>"];
}

function byTitle(ways: readonly Named[]): string {
  const titles = new Map<string, Set<string>>();
  for (const { title, way } of ways) titles.set(title, (titles.get(title) ?? new Set()).add(way));
  return [...titles].map(([title, names]) => `**${title}**: ${[...names].join("; ")}.`).join(" ");
}
