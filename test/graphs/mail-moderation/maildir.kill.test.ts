import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FOLDERS, openMailbox, type Folder } from "../../../graphs/mail-moderation/maildir.js";
import { MESSAGES } from "./mailbox-messages.js";

/** Each test starts several processes, which takes a while on a busy machine. */
const TIMEOUT_MS = 180_000;

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "maildir-kill-"));
});

afterEach(() => rm(root, { recursive: true }));

/** Runs the worker, killing it as soon as it has done so many messages; true if it got to its end all the same. */
function work(task: "seed" | "moderate", killAfter = Infinity): Promise<boolean> {
  const script = fileURLToPath(new URL("mailbox-worker.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script, root, task], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let done = 0;
  child.stdout.on("data", (dots: Buffer) => {
    done += dots.length;
    if (done >= killAfter) child.kill("SIGKILL");
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (signal === "SIGKILL") resolve(false);
      else if (code === 0) resolve(true);
      else reject(new Error(`the worker ended with ${code ?? signal}`));
    });
  });
}

/** What the folders hold, read without the mailbox's own code: for each message the folders it is in, whole. */
async function found(): Promise<Map<string, Folder[]>> {
  const places = new Map<string, Folder[]>();
  for (const folder of FOLDERS) {
    for (const room of ["new", "cur"]) {
      for (const id of await readdir(join(root, folder, room))) {
        const content = await readFile(join(root, folder, room, id));
        const whole = MESSAGES.find((message) => message.id === id)?.raw.equals(content) === true;
        expect({ id, whole }).toEqual({ id, whole: true });
        places.set(id, [...(places.get(id) ?? []), folder]);
      }
    }
  }
  return places;
}

describe("a mailbox whose process is killed with SIGKILL", { timeout: TIMEOUT_MS }, () => {
  it("while messages move: has each in exactly one folder, and the rest are moved by doing it again", async () => {
    await (await openMailbox(root)).depositAll(MESSAGES);
    const kills: boolean[] = [];
    for (const killAfter of [1, 90, 250, 420]) {
      kills.push(!(await work("moderate", killAfter)));
      const places = await found();
      expect(places.size).toBe(MESSAGES.length);
      for (const { id, to } of MESSAGES) expect([["incoming"], [to]]).toContainEqual(places.get(id));

      const mailbox = await openMailbox(root);
      const rejected = MESSAGES.filter(({ id }) => places.get(id)?.[0] === "rejected");
      expect(await mailbox.rejectedSenders()).toEqual(expect.arrayContaining(rejected.map(({ sender }) => sender)));
    }
    expect(kills).toContain(true);

    expect(await work("moderate")).toBe(true);
    const places = await found();
    for (const { id, to } of MESSAGES) expect(places.get(id)).toEqual([to]);
    const senders = MESSAGES.filter(({ to }) => to === "rejected").map(({ sender }) => sender);
    const lines = (await readFile(join(root, "rejected-senders.txt"), "utf8")).trim().split("\n");
    expect(lines.toSorted()).toEqual([...new Set(senders)].map((sender) => `${sender} REJECT`).toSorted());
  });

  it("while messages are deposited: has only whole ones, and the rest are deposited by doing it again", async () => {
    const kills: boolean[] = [];
    const delivered: string[] = [];
    for (const killAfter of [20, 200]) {
      kills.push(!(await work("seed", killAfter)));
      const places = await found();
      for (const [id, folders] of places) expect(folders).toEqual([delivered.includes(id) ? "delivered" : "incoming"]);
      // What has moved on since must not be deposited again.
      const mailbox = await openMailbox(root);
      const [first] = await mailbox.ids("incoming");
      if (first !== undefined) await mailbox.move(first, "delivered");
      if (first !== undefined) delivered.push(first);
    }
    expect(delivered).not.toEqual([]);
    expect(kills).toContain(true);

    expect(await work("seed")).toBe(true);
    const places = await found();
    expect(places.size).toBe(MESSAGES.length);
    for (const [id, folders] of places) expect(folders).toEqual([delivered.includes(id) ? "delivered" : "incoming"]);
  });
});
