import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

// A pid is given out again once its process is gone, so a pid alone never says that "the same process" still runs.
type Source = "proc" | "ps";
const SOURCE: Source = existsSync("/proc/self/stat") ? "proc" : "ps";

/**
 * A mark of the life that process `pid` leads now, from its start time: letters, digits and `-` only. Undefined if
 * there is no such process, or if it is dead and only waits for its parent to notice (a zombie). Marks from different
 * sources do not compare.
 */
export function lifeOf(pid: number, source = SOURCE): string | undefined {
  if (!isPid(pid)) return undefined;
  return source === "proc" ? lifeFromProc(pid) : lifeFromPs(pid);
}

/** The command line of process `pid` with single spaces, or undefined if it cannot be read. */
export function commandOf(pid: number, source = SOURCE): string | undefined {
  if (!isPid(pid)) return undefined;
  return source === "proc"
    ? readProc(`/proc/${pid}/cmdline`)?.replaceAll("\0", " ")
    : ps(pid, ["command="])?.trimEnd().concat(" ");
}

/** The processes that `pid` started and that are there now. */
export function childrenOf(pid: number, source = SOURCE): number[] {
  if (!isPid(pid)) return [];
  const pairs = source === "proc" ? parentsFromProc() : parentsFromPs();
  return pairs.filter(([, parent]) => parent === pid).map(([child]) => child);
}

function parentsFromProc(): (readonly [pid: number, parent: number])[] {
  return readdirSync("/proc")
    .map(Number)
    .filter(isPid)
    .map((pid) => [pid, Number(fieldsOf(readProc(`/proc/${pid}/stat`) ?? "")[1])] as const);
}

function parentsFromPs(): (readonly [pid: number, parent: number])[] {
  const listed = execFileSync("ps", ["-A", "-o", "pid=", "-o", "ppid="], { encoding: "utf8" });
  return listed
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([pid = 0, parent = 0]) => [pid, parent] as const);
}

function isPid(pid: number): boolean {
  return Number.isSafeInteger(pid) && pid > 0;
}

function lifeFromProc(pid: number): string | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = fieldsOf(stat);
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  const boot = readProc("/proc/sys/kernel/random/boot_id")?.slice(0, 8) ?? "";
  return `${boot}-${fields[19] ?? ""}`;
}

// The second field is the program's name in brackets and may hold anything; what follows it begins with the third, the
// state. Then come the parent, and as the 22nd the start time in ticks since boot.
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function lifeFromPs(pid: number): string | undefined {
  const [, state, started] = /^\s*(\S+)\s+(.*)$/.exec(ps(pid, ["stat=", "lstart="])?.trim() ?? "") ?? [];
  if (state === undefined || started === undefined || state.startsWith("Z")) return undefined;
  return started.replaceAll(/\W+/g, "-");
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function ps(pid: number, columns: string[]): string | undefined {
  try {
    // The start time is printed by locale and time zone, and must look the same to every process that asks.
    const env = { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };
    return execFileSync("ps", ["-ww", ...columns.flatMap((name) => ["-o", name]), "-p", String(pid)], {
      env,
      encoding: "utf8",
    });
  } catch {
    return undefined;
  }
}
