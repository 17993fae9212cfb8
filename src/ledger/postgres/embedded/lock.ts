import { systemClock } from "../../../model/clock.js";
import { AssentError } from "../../../model/error.js";
import { Roster } from "./roster.js";

const POLL_MS = 25;
// More than the longest thing done under the lock, which is waiting for a server to recover after a crash.
const PATIENCE_MS = 120_000;

/**
 * Does `work` while no other process (and no other caller in this one) does work under the same folder.
 *
 * Everybody adds a name to the folder and then looks: who is alone may work, who sees a smaller name withdraws and
 * tries again, the smallest waits. Of two that come at once, at least one sees the other, so never do both work. If
 * we die while working: our name counts for nothing from then on, and whoever waits goes on from what we left behind.
 *
 * @throws AssentError `postgres_unavailable` if the others do not finish within two minutes.
 */
export async function underLock<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const roster = new Roster(directory);
  const me = Roster.nameMember();
  const givesUpAt = systemClock.now().getTime() + PATIENCE_MS;
  try {
    for (;;) {
      roster.add(me);
      const others = roster.others(me);
      if (others.length === 0) return await work();
      if (systemClock.now().getTime() > givesUpAt) throw tooLong(directory, others);
      if (others.some((name) => name < me)) roster.remove(me);
      await systemClock.sleep(POLL_MS * (1 + Math.random()));
    }
  } finally {
    roster.remove(me);
  }
}

function tooLong(directory: string, others: string[]): AssentError {
  const pids = others.map((name) => name.split(".")[0]).join(", ");
  return new AssentError("postgres_unavailable", {
    what: "Another process is starting or stopping embedded Postgres and does not finish",
    where: directory,
    seen: `pid ${pids}`,
    fix: "Look at postgres.log beside that folder, end that process if it hangs, and try again.",
  });
}
