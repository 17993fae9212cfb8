import { waysOn, whyNotOn } from "./applicable.js";
import type { Attack } from "./attack.js";
import type { HostName } from "./hosts/host.js";
import type { Pattern } from "./victims/patterns/pattern.js";

/** A pattern on a host, with the attacks that are carried out there. */
export interface Tried {
  pattern: Pattern;
  host: HostName;
  attacks: readonly Attack[];
  /** Ways that were carried out, and the undue effects that were seen on disk. */
  ways: number;
  undue: number;
}

/**
 * Renders the table of patterns in Markdown, with what none of them could be attacked with, and why.
 *
 * @throws if some way was not carried out.
 */
export function patternTable(tried: readonly Tried[]): string {
  for (const { pattern, host, attacks, ways } of tried) {
    const all = attacks.flatMap((attack) => waysOn(host, pattern, attack)).length;
    if (ways < all) throw new Error(`${pattern.name} was not attacked in all ways on ${host}: run the whole file`);
  }
  const hosts = [...new Set(tried.map(({ host }) => host))];
  const patterns = [...new Set(tried.map(({ pattern }) => pattern))];
  const titles = ["pattern", ...hosts.map((host) => `ways tried on ${host}`), "undue effects"];
  const rows = patterns.map((pattern) => {
    const own = tried.filter((each) => each.pattern === pattern);
    const counts = hosts.map((host) => String(own.find((each) => each.host === host)?.ways ?? "-"));
    return [`\`${pattern.name}\``, ...counts, String(own.reduce((sum, { undue }) => sum + undue, 0))];
  });
  const lines = [titles, titles.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return [...lines, "", ...exceptions(tried)].join("\n").trim();
}

/** Which ways make no sense on which patterns, with the reasons. */
function exceptions(tried: readonly Tried[]): string[] {
  const found = new Map<string, { patterns: Set<string>; ways: Set<string> }>();
  for (const { pattern, attacks } of tried) {
    for (const { title, ways } of attacks) {
      for (const way of ways) {
        const why = whyNotOn(pattern, way);
        if (why === null) continue;
        const known = found.get(why) ?? { patterns: new Set(), ways: new Set() };
        known.patterns.add(`\`${pattern.name}\``);
        known.ways.add(`${title}: ${way.name}`);
        found.set(why, known);
      }
    }
  }
  const lines = [...found].map(
    ([why, { patterns, ways }]) => `- ${[...patterns].join(", ")}: ${why}. ${[...ways].join("; ")}.`,
  );
  return found.size === 0 ? [] : ["What could not be tried on them:", "", ...lines];
}
