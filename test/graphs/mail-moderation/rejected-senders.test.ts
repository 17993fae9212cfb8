import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RejectedSenders } from "../../../graphs/mail-moderation/rejected-senders.js";

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "rejected-senders-"));
  path = join(directory, "rejected-senders.txt");
});

afterEach(() => rm(directory, { recursive: true }));

describe("the rejected senders", () => {
  it("are none before the first", async () => {
    expect(await new RejectedSenders(path).all()).toEqual([]);
  });

  it("are kept once each, in lower case, a line a sender that Postfix understands", async () => {
    const senders = new RejectedSenders(path);
    expect(await senders.add("Spam@Example.org")).toBe(true);
    expect(await senders.add("spam@example.org")).toBe(false);
    expect(await senders.add("more@example.org")).toBe(true);
    expect(await readFile(path, "utf8")).toBe("spam@example.org REJECT\nmore@example.org REJECT\n");
    expect(await new RejectedSenders(path).all()).toEqual(["spam@example.org", "more@example.org"]);
  });

  it("are kept once each when many writers add them at the same time", async () => {
    const writers = [new RejectedSenders(path), new RejectedSenders(path)];
    const adds = Array.from({ length: 200 }, (_, n) => writers[n % 2]!.add(`s${n % 20}@example.org`));
    expect((await Promise.all(adds)).filter(Boolean)).toHaveLength(20);
    expect((await readFile(path, "utf8")).trim().split("\n")).toHaveLength(20);
  });

  it.each(["half@exa", "half@example.org", "half@example.org REJ"])(
    "do not count a line cut short (%s), and put it right when the sender is added again",
    async (torn) => {
      await writeFile(path, "first@example.org REJECT\n");
      await appendFile(path, torn);
      const senders = new RejectedSenders(path);
      expect(await senders.all()).toEqual(["first@example.org"]);
      expect(await senders.add("half@example.org")).toBe(true);
      expect(await senders.all()).toEqual(["first@example.org", "half@example.org"]);
    },
  );

  it("count one that another process wrote twice once", async () => {
    await writeFile(path, "a@example.org REJECT\na@example.org REJECT\n");
    expect(await new RejectedSenders(path).all()).toEqual(["a@example.org"]);
  });

  it.each(["", "two words@example.org", "a@example.org\nb@example.org REJECT", "a@example.org "])(
    "refuse %j, which is no address",
    async (sender) => {
      const senders = new RejectedSenders(path);
      await expect(senders.add(sender)).rejects.toMatchObject({ name: "MailboxError", code: "sender_invalid" });
      expect(await senders.all()).toEqual([]);
    },
  );
});
