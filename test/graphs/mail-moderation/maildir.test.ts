import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FOLDERS, openMailbox, type Folder, type Mailbox } from "../../../graphs/mail-moderation/maildir.js";

let root: string;
let mailbox: Mailbox;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "maildir-"));
  mailbox = await openMailbox(root);
});

afterEach(() => rm(root, { recursive: true }));

const raw = (text: string): Buffer => Buffer.from(text, "latin1");

describe("a mailbox", () => {
  it("is a Maildir for each folder", async () => {
    await mailbox.deposit("a", raw("x"));
    for (const folder of FOLDERS) {
      expect((await readdir(join(root, folder))).toSorted()).toEqual(["cur", "new", "tmp"]);
    }
    expect(await readdir(join(root, "incoming", "new"))).toEqual(["a"]);
    expect(await readdir(join(root, "incoming", "tmp"))).toEqual([]);
  });

  it("keeps its messages when opened again", async () => {
    await mailbox.deposit("a", raw("x"));
    expect(await (await openMailbox(root)).locate("a")).toBe("incoming");
  });

  it("is opened where there is no directory yet", async () => {
    const deeper = await openMailbox(join(root, "not", "yet"));
    expect(await deeper.count()).toEqual({ incoming: 0, delivered: 0, quarantine: 0, rejected: 0 });
  });

  it("counts and lists messages by folder", async () => {
    await mailbox.depositAll(["c", "a", "b"].map((id) => ({ id, raw: raw(id) })));
    await mailbox.move("b", "delivered");
    expect(await mailbox.ids("incoming")).toEqual(["a", "c"]);
    expect(await mailbox.count()).toEqual({ incoming: 2, delivered: 1, quarantine: 0, rejected: 0 });
    expect(await mailbox.locate("b")).toBe("delivered");
    expect(await mailbox.locate("d")).toBeNull();
  });

  it("gives back a message byte for byte, wherever it is", async () => {
    const bytes = Buffer.from([0, 13, 10, 0x80, 0xff, 65]);
    await mailbox.deposit("a", bytes);
    await mailbox.move("a", "quarantine");
    expect(await mailbox.read("a")).toEqual(bytes);
  });

  it("follows messages that a mail program has seen and flagged", async () => {
    await mailbox.deposit("a", raw("x"));
    await rename(join(root, "incoming", "new", "a"), join(root, "incoming", "cur", "a:2,FS"));
    expect(await mailbox.deposit("a", raw("x"))).toBe(false);
    expect(await mailbox.move("a", "delivered")).toEqual({ from: "incoming", to: "delivered", moved: true });
    expect(await readdir(join(root, "delivered", "cur"))).toEqual(["a:2,FS"]);
    expect(await mailbox.ids("delivered")).toEqual(["a"]);
    expect(await mailbox.read("a")).toEqual(raw("x"));
  });

  it.each(["", "../a", "a/b", ".a", "a:2,S", "a b", "a\0", "x".repeat(101)])("refuses the id %j", async (id) => {
    const refusal = { name: "MailboxError", code: "id_invalid" };
    await expect(mailbox.deposit(id, raw("x"))).rejects.toMatchObject(refusal);
    await expect(mailbox.move(id, "delivered")).rejects.toMatchObject(refusal);
    await expect(mailbox.read(id)).rejects.toMatchObject(refusal);
  });
});

describe("depositing", () => {
  it("is done once, wherever the message has gone since", async () => {
    expect(await mailbox.deposit("a", raw("x"))).toBe(true);
    expect(await mailbox.deposit("a", raw("x"))).toBe(false);
    await mailbox.move("a", "rejected");
    expect(await mailbox.deposit("a", raw("x"))).toBe(false);
    expect(await mailbox.depositAll([{ id: "a", raw: raw("x") }])).toBe(0);
    expect(await mailbox.count()).toEqual({ incoming: 0, delivered: 0, quarantine: 0, rejected: 1 });
  });

  it("stores a message once when many deposit it at the same time", async () => {
    const again = await openMailbox(root);
    const one = [{ id: "a", raw: raw("x") }];
    const deposits = await Promise.all([
      mailbox.deposit("a", raw("x")),
      again.deposit("a", raw("x")),
      mailbox.depositAll([...one, ...one]).then((stored) => stored === 1),
      again.depositAll(one).then((stored) => stored === 1),
    ]);
    expect(deposits.filter(Boolean)).toHaveLength(1);
    expect(await mailbox.count()).toMatchObject({ incoming: 1 });
  });

  it("reads only messages that are not there yet", async () => {
    await mailbox.deposit("a", raw("x"));
    const reads: string[] = [];
    const lazy = (id: string) => ({
      id,
      get raw() {
        reads.push(id);
        return raw(id);
      },
    });
    expect(await mailbox.depositAll(["a", "b"].map(lazy))).toBe(1);
    expect(reads).toEqual(["b"]);
  });

  it("stops at a message that cannot be stored, and is repeated without it", async () => {
    const mails = ["a", "b", "../c", "d"].map((id) => ({ id, raw: raw(id) }));
    await expect(mailbox.depositAll(mails)).rejects.toMatchObject({ code: "id_invalid" });
    await mailbox.depositAll(mails.filter(({ id }) => id !== "../c"));
    expect(await mailbox.ids("incoming")).toEqual(["a", "b", "d"]);
  });

  it("takes no notice of drafts that a killed process left behind", async () => {
    await writeFile(join(root, "incoming", "tmp", "a.half"), "hal");
    expect(await mailbox.locate("a")).toBeNull();
    expect(await mailbox.count()).toMatchObject({ incoming: 0 });
    expect(await mailbox.deposit("a", raw("whole"))).toBe(true);
    expect(await mailbox.read("a")).toEqual(raw("whole"));
  });
});

describe("moving", () => {
  it("says where the message was, and that a repeated move found it there", async () => {
    await mailbox.deposit("a", raw("x"));
    expect(await mailbox.move("a", "quarantine")).toEqual({ from: "incoming", to: "quarantine", moved: true });
    expect(await mailbox.move("a", "quarantine")).toEqual({ from: "quarantine", to: "quarantine", moved: false });
  });

  it("corrects an earlier move", async () => {
    await mailbox.deposit("a", raw("x"));
    await mailbox.move("a", "quarantine");
    expect(await mailbox.move("a", "delivered")).toEqual({ from: "quarantine", to: "delivered", moved: true });
    expect(await mailbox.move("a", "incoming")).toEqual({ from: "delivered", to: "incoming", moved: true });
  });

  it("fails for a message that is nowhere", async () => {
    const refusal = { name: "MailboxError", code: "message_missing" };
    await expect(mailbox.move("a", "delivered")).rejects.toMatchObject(refusal);
    await expect(mailbox.read("a")).rejects.toMatchObject(refusal);
    await expect(mailbox.reject("a", "s@example.org")).rejects.toMatchObject(refusal);
    expect(await mailbox.rejectedSenders()).toEqual([]);
  });

  it("fails, and loses nothing, where the folder cannot be written", async () => {
    await mailbox.deposit("a", raw("x"));
    await rm(join(root, "delivered", "new"), { recursive: true });
    await expect(mailbox.move("a", "delivered")).rejects.toMatchObject({ code: "ENOENT" });
    await mkdir(join(root, "delivered", "new"));
    expect(await mailbox.locate("a")).toBe("incoming");
  });

  it("leaves every message in exactly one folder, in whatever order and however many at a time it is done", async () => {
    const ids = ["a", "b", "c"];
    const step = fc.record({ id: fc.constantFrom(...ids), to: fc.constantFrom<Folder>(...FOLDERS) });
    await mailbox.depositAll(ids.map((id) => ({ id, raw: raw(id) })));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const moves = await Promise.all(steps.map(({ id, to }) => mailbox.move(id, to)));
        expect(moves.map(({ to }) => to)).toEqual(steps.map(({ to }) => to));
        const everywhere = await Promise.all(FOLDERS.map((folder) => mailbox.ids(folder)));
        expect(everywhere.flat().toSorted()).toEqual(ids);
        for (const id of ids) expect(await mailbox.read(id)).toEqual(raw(id));
      }),
      { numRuns: 50 },
    );
  });
});

describe("rejecting", () => {
  it("moves the message and lists its sender, once however often it is done", async () => {
    await mailbox.depositAll(["a", "b"].map((id) => ({ id, raw: raw(id) })));
    expect(await mailbox.reject("a", "S@example.org")).toEqual({ from: "incoming", to: "rejected", moved: true });
    expect(await mailbox.reject("a", "s@example.org")).toEqual({ from: "rejected", to: "rejected", moved: false });
    await mailbox.reject("b", "s@example.org");
    expect(await mailbox.rejectedSenders()).toEqual(["s@example.org"]);
    expect((await stat(join(root, "rejected-senders.txt"))).isFile()).toBe(true);
  });

  it("moves a message that names no sender, and lists nobody", async () => {
    await mailbox.deposit("a", raw("x"));
    expect(await mailbox.reject("a", "")).toMatchObject({ to: "rejected", moved: true });
    expect(await mailbox.rejectedSenders()).toEqual([]);
  });

  it("does nothing about a message whose sender cannot be listed", async () => {
    await mailbox.deposit("a", raw("x"));
    await expect(mailbox.reject("a", "not an address")).rejects.toMatchObject({ code: "sender_invalid" });
    expect(await mailbox.locate("a")).toBe("incoming");
  });
});
