import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadKeys, type AssentError } from "assent";
import { manualClock } from "assent/testing";
import { generateKeys, listKeys, revokeKey, rotateKeys } from "../../src/authority/key-folder.js";
import { newKeySet, type KeySet } from "../../src/authority/key-set.js";
import { isSignedBy, signStatement } from "../../src/authority/signature.js";

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "assent-keys-"));
  folder = join(root, "deep", "keys");
});
afterEach(() => rm(root, { recursive: true, force: true }));

const signingFile = (): string => join(folder, "signing.json");
const publicFile = (): string => join(folder, "public.json");
const read = async (path: string): Promise<KeySet> => JSON.parse(await readFile(path, "utf8")) as KeySet;
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
const failure = (work: Promise<unknown>): Promise<unknown> => work.then(String, (error: unknown) => error);

/** Every private half that is or was in the folder's signing file. */
const secrets: string[] = [];
async function noteSecrets(): Promise<void> {
  for (const { d } of (await read(signingFile())).keys) if (d !== undefined) secrets.push(d);
}
function expectNoSecretIn(shown: unknown): void {
  const text = typeof shown === "string" ? shown : JSON.stringify(shown);
  for (const secret of secrets) expect(text).not.toContain(secret);
}

describe("making keys", () => {
  test("writes one file for those that decide and one for graph hosts, and nothing else", async () => {
    const clock = manualClock("2026-03-30T10:30:00Z");
    const files = await generateKeys(folder, clock);
    expect(files).toEqual({
      signing: signingFile(),
      public: publicFile(),
      keys: [
        {
          id: expect.stringMatching(/^[\w-]{43}$/),
          state: "signing",
          since: "2026-03-30T10:30:00.000Z",
          until: null,
          revokedAt: null,
          isPrivate: true,
        },
      ],
    });
    expect((await readdir(folder)).toSorted()).toEqual(["public.json", "signing.json"]);
    const [signing, shared] = [await read(signingFile()), await read(publicFile())];
    const { d, ...known } = signing.keys[0]!;
    expect(d).toMatch(/^[\w-]{43}$/);
    expect(shared).toEqual({ keys: [known] });
  });

  test("lets nobody but its owner read what signs, whatever the process lets others do", async () => {
    const umask = process.umask();
    for (const change of [
      () => generateKeys(folder),
      () => rotateKeys(folder),
      async () => revokeKey(folder, (await listKeys(folder))[1]!.id),
    ]) {
      await change();
      expect(await modeOf(signingFile())).toBe(0o600 & ~umask);
      expect(await modeOf(publicFile())).toBe(0o644 & ~umask);
    }
    expect(await modeOf(folder)).toBe(0o700 & ~umask);
  });

  test("writes files that people can read, which end with a line", async () => {
    await generateKeys(folder);
    const text = await readFile(publicFile(), "utf8");
    expect(text).toBe(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
    expect(text.split("\n").length).toBeGreaterThan(5);
  });

  test("uses the machine's own time unless told", async () => {
    const before = Date.now();
    const { keys } = await generateKeys(folder);
    expect(Date.parse(keys[0]!.since)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(keys[0]!.since)).toBeLessThanOrEqual(Date.now());
  });

  test("twice: refused, and the first key stays", async () => {
    const first = await generateKeys(folder);
    const error = await failure(generateKeys(folder));
    expect(error).toMatchObject({
      code: "keys_exist",
      where: signingFile(),
      message: expect.stringContaining("has keys already"),
      fix: expect.stringContaining("keys rotate"),
    });
    expect(await listKeys(folder)).toEqual(first.keys);
    expect((await readdir(folder)).toSorted()).toEqual(["public.json", "signing.json"]);
  });

  test("eight at once: one wins, and what stands in both files is the winner's", async () => {
    const tried = await Promise.allSettled(Array.from({ length: 8 }, () => generateKeys(folder)));
    const won = tried.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    const lost = tried.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
    expect(won).toHaveLength(1);
    for (const error of lost) expect(error).toMatchObject({ code: "keys_exist" });
    expect(await listKeys(signingFile())).toEqual(won[0]!.keys);
    expect((await read(publicFile())).keys.map(({ kid }) => kid)).toEqual([won[0]!.keys[0]!.id]);
    expect((await readdir(folder)).toSorted()).toEqual(["public.json", "signing.json"]);
  });

  test("where nothing can be written: says so, and leaves nothing", async () => {
    await mkdir(join(root, "deep"));
    await writeFile(folder, "a file");
    expect(await failure(generateKeys(join(folder, "below")))).toMatchObject({
      code: "keys_unreadable",
      where: join(folder, "below", "signing.json"),
      message: expect.stringMatching(/cannot be written: ENOTDIR/),
      fix: expect.stringContaining("may be written"),
      cause: expect.objectContaining({ code: "ENOTDIR" }),
    });
    expect(await failure(generateKeys(folder))).toMatchObject({
      code: "keys_unreadable",
      where: signingFile(),
      message: expect.stringContaining("cannot be written: EEXIST"),
    });
  });

  test("where a folder can be made and no file in it: says so too", async () => {
    // No system has paths of more than 4,096 bytes; a folder may just fit where its files do not.
    const long = join(root, ...Array.from({ length: 41 }, () => "x".repeat(99))).slice(0, 4_080);
    expect(await failure(generateKeys(long))).toMatchObject({
      code: "keys_unreadable",
      message: expect.stringMatching(/cannot be written: ENAMETOOLONG/),
    });
  });

  test("dies after the first of the two files: the next change writes both", async () => {
    await generateKeys(folder);
    await unlink(publicFile());
    await expect(generateKeys(folder)).rejects.toMatchObject({ code: "keys_exist" });
    await rotateKeys(folder);
    expect((await listKeys(publicFile())).map(({ state }) => state)).toEqual(["retired", "signing"]);
  });
});

describe("changing keys", () => {
  test("by rotation, in both files", async () => {
    const clock = manualClock("2026-03-30T10:30:00Z");
    await generateKeys(folder, clock);
    await noteSecrets();
    await clock.advance(3_600_000);
    const files = await rotateKeys(folder, clock);
    await noteSecrets();
    expect(files).toMatchObject({ signing: signingFile(), public: publicFile() });
    expect(files.keys.map(({ state, isPrivate }) => [state, isPrivate])).toEqual([
      ["retired", false],
      ["signing", true],
    ]);
    expect(files.keys[0]?.until).toBe("2026-03-30T11:30:00.000Z");
    expect(await listKeys(folder)).toEqual(files.keys);
    expect(await listKeys(publicFile())).toEqual(files.keys.map((key) => ({ ...key, isPrivate: false })));
    expect(await readFile(signingFile(), "utf8")).not.toContain(secrets.at(-2));
    expectNoSecretIn(await readFile(publicFile(), "utf8"));
    expectNoSecretIn(files);
    expect(secrets.length).toBeGreaterThan(1);
  });

  test("by revocation, in both files", async () => {
    const clock = manualClock("2026-03-30T10:30:00Z");
    const { keys } = await generateKeys(folder, clock);
    await clock.advance(3_600_000);
    const files = await revokeKey(folder, keys[0]!.id, clock);
    expect(files.keys.map(({ state }) => state)).toEqual(["revoked", "signing"]);
    expect(files.keys[0]).toMatchObject({ id: keys[0]!.id, revokedAt: "2026-03-30T11:30:00.000Z" });
    expect((await listKeys(publicFile())).map(({ revokedAt }) => revokedAt)).toEqual([
      "2026-03-30T11:30:00.000Z",
      null,
    ]);
  });

  test("of a key that is not there: says so, and changes nothing", async () => {
    await generateKeys(folder);
    const before = await readFile(signingFile(), "utf8");
    expect(await failure(revokeKey(folder, "nobody's"))).toMatchObject({ code: "key_unknown", httpStatus: 404 });
    expect(await readFile(signingFile(), "utf8")).toBe(before);
  });

  test("where there is no signing file: says so, and makes none", async () => {
    await generateKeys(folder);
    await unlink(signingFile());
    for (const change of [rotateKeys, (path: string) => revokeKey(path, "any")]) {
      expect(await failure(change(folder))).toMatchObject({ code: "keys_unreadable", where: signingFile() });
    }
    expect(await readdir(folder)).toEqual(["public.json"]);
  });

  test("where the public file cannot be put in its place: says so, and the signing file is whole", async () => {
    await generateKeys(folder);
    await unlink(publicFile());
    await mkdir(join(publicFile(), "in the way"), { recursive: true });
    expect(await failure(rotateKeys(folder))).toMatchObject({
      code: "keys_unreadable",
      where: publicFile(),
      message: expect.stringContaining("cannot be written"),
    });
    expect((await listKeys(folder)).map(({ state }) => state)).toEqual(["retired", "signing"]);
    expect((await readdir(folder)).toSorted()).toEqual(["public.json", "signing.json"]);
  });

  test("of a damaged file: refused, and the file stays for whoever restores it", async () => {
    await generateKeys(folder);
    await writeFile(signingFile(), "damaged");
    for (const change of [rotateKeys, (path: string) => revokeKey(path, "any"), listKeys]) {
      expect(await failure(change(folder))).toMatchObject({ code: "keys_invalid", where: signingFile() });
    }
    expect(await readFile(signingFile(), "utf8")).toBe("damaged");
  });
});

describe("loading keys", () => {
  test("from a folder that has both files: they sign and check", async () => {
    const { keys } = await generateKeys(folder);
    const loaded = await loadKeys(folder);
    const [signer, [trusted]] = [await loaded.signer(), await loaded.trusted()];
    expect(signer?.keyId).toBe(keys[0]!.id);
    expect(isSignedBy("{}", await signStatement("{}", signer!), trusted!.publicKey)).toBe(true);
  });

  test.each([
    ["a folder with the public file alone", () => unlink(signingFile()).then(() => folder)],
    ["the public file itself", async () => publicFile()],
  ])("from %s: they check and sign nothing", async (_, place) => {
    const { keys } = await generateKeys(folder);
    const loaded = await loadKeys(await place());
    expect(await loaded.signer()).toBeNull();
    expect((await loaded.trusted()).map(({ id }) => id)).toEqual([keys[0]!.id]);
  });

  test("from the signing file itself, whatever it is called", async () => {
    const { keys } = await generateKeys(folder);
    const elsewhere = join(root, "a-secret");
    await rename(signingFile(), elsewhere);
    expect((await (await loadKeys(elsewhere)).signer())?.keyId).toBe(keys[0]!.id);
  });

  test("from nowhere: refused at once, with what to do", async () => {
    for (const [path, where] of [
      [join(root, "none"), join(root, "none")],
      [root, join(root, "public.json")],
    ] as const) {
      expect(await failure(loadKeys(path))).toMatchObject({
        code: "keys_unreadable",
        where,
        message: expect.stringMatching(/cannot be read: ENOENT/),
        fix: expect.stringContaining("assent keys generate"),
        cause: expect.objectContaining({ code: "ENOENT" }),
      });
    }
    expect(await readdir(root)).toEqual([]);
  });

  test("from a damaged file: refused at once", async () => {
    await generateKeys(folder);
    await noteSecrets();
    const text = await readFile(signingFile(), "utf8");
    for (const [damaged, at] of [
      [text.slice(0, -30), folder],
      [text.replace('"since"', '"sinse"'), folder],
      [text.replace("OKP", "OKQ"), signingFile()],
    ] as const) {
      await writeFile(signingFile(), damaged);
      const error = (await failure(loadKeys(at))) as AssentError;
      expect(error).toMatchObject({ code: "keys_invalid", where: signingFile() });
      expectNoSecretIn(`${error.message}\n${error.stack}\n${JSON.stringify(error)}`);
    }
  });

  test("making some where there are none, and using those that are there", async () => {
    const made = await (await loadKeys(folder, { create: true })).signer();
    const found = await (await loadKeys(folder, { create: true })).signer();
    expect(made?.keyId).toBe((await listKeys(folder))[0]!.id);
    expect(found?.keyId).toBe(made?.keyId);
    // One file is keys, or it is not; there is nothing to make.
    const one = await loadKeys(publicFile(), { create: true });
    expect((await one.trusted()).map(({ id }) => id)).toEqual([made?.keyId]);
    const together = await Promise.all(Array.from({ length: 6 }, () => loadKeys(join(root, "b"), { create: true })));
    const ids = await Promise.all(together.map(async (keys) => (await keys.signer())?.keyId));
    expect(new Set(ids).size).toBe(1);
  });

  test("making none unless it is asked for, and failing where none can be made", async () => {
    await expect(loadKeys(folder)).rejects.toMatchObject({ code: "keys_unreadable" });
    await expect(loadKeys(folder, {})).rejects.toMatchObject({ code: "keys_unreadable" });
    await expect(loadKeys(folder, { create: false })).rejects.toMatchObject({ code: "keys_unreadable" });
    await writeFile(join(root, "file"), "");
    await expect(loadKeys(join(root, "file", "below"), { create: true })).rejects.toMatchObject({
      code: "keys_unreadable",
      message: expect.stringContaining("cannot be written"),
    });
  });
});

describe("keys that are in use", () => {
  test("notice a rotation at their next call, in both processes", async () => {
    const clock = manualClock("2026-03-30T10:30:00Z");
    await generateKeys(folder, clock);
    const [decider, host] = [await loadKeys(folder), await loadKeys(publicFile())];
    const before = await decider.signer();
    await clock.advance(60_000);
    const { keys } = await rotateKeys(folder, clock);
    expect((await decider.signer())?.keyId).toBe(keys[1]!.id);
    expect(keys[1]!.id).not.toBe(before?.keyId);
    expect((await host.trusted()).map(({ id, until }) => [id, until])).toEqual([
      [before!.keyId, "2026-03-30T10:31:00.000Z"],
      [keys[1]!.id, null],
    ]);
  });

  test("notice a revocation at their next call", async () => {
    const { keys } = await generateKeys(folder);
    const host = await loadKeys(publicFile());
    expect((await host.trusted())[0]!.revokedAt).toBeNull();
    await revokeKey(folder, keys[0]!.id);
    expect((await host.trusted())[0]!.revokedAt).not.toBeNull();
  });

  test("notice a file of the same length that was put in the place of theirs", async () => {
    await generateKeys(folder);
    const host = await loadKeys(publicFile());
    const [before] = await host.trusted();
    const other = join(root, "other");
    await generateKeys(other, manualClock(before!.since));
    const time = new Date("2026-03-30T10:30:00Z");
    await utimes(publicFile(), time, time);
    await host.trusted();
    await utimes(join(other, "public.json"), time, time);
    const { size } = await stat(publicFile());
    await rename(join(other, "public.json"), publicFile());
    expect(await stat(publicFile())).toMatchObject({ mtimeMs: time.getTime(), size });
    expect((await host.trusted())[0]!.id).not.toBe(before!.id);
  });

  test("notice that theirs was written anew, though it is the same file", async () => {
    await generateKeys(folder);
    const host = await loadKeys(publicFile());
    const [before] = await host.trusted();
    const { ino, size } = await stat(publicFile());
    const { d: _, ...entry } = newKeySet(before!.since).keys[0]!;
    await writeFile(publicFile(), `${JSON.stringify({ keys: [entry] }, null, 2)}\n`);
    await utimes(publicFile(), new Date(), new Date("2026-03-30T10:30:00Z"));
    expect(await stat(publicFile())).toMatchObject({ ino, size });
    expect((await host.trusted())[0]!.id).toBe(entry.kid);
  });

  test("are not read again while nothing changes", async () => {
    await generateKeys(folder);
    const keys = await loadKeys(folder);
    expect(await keys.trusted()).toBe(await keys.trusted());
    expect(await keys.signer()).toBe(await keys.signer());
  });

  test("fail once their file has gone or is damaged, and work again once it is back", async () => {
    await generateKeys(folder);
    const keys = await loadKeys(folder);
    const text = await readFile(signingFile(), "utf8");
    const before = (await keys.signer())?.keyId;
    await unlink(signingFile());
    await expect(keys.signer()).rejects.toMatchObject({ code: "keys_unreadable", where: signingFile() });
    await expect(keys.trusted()).rejects.toMatchObject({ code: "keys_unreadable" });
    await writeFile(signingFile(), text.slice(0, 50));
    await expect(keys.trusted()).rejects.toMatchObject({ code: "keys_invalid" });
    await expect(keys.signer()).rejects.toMatchObject({ code: "keys_invalid" });
    await writeFile(signingFile(), text);
    expect((await keys.signer())?.keyId).toBe(before);
  });
});

describe("listing keys", () => {
  test("shows no private half, of a folder or a file", async () => {
    await generateKeys(folder);
    await rotateKeys(folder);
    await noteSecrets();
    for (const path of [folder, signingFile(), publicFile()]) {
      const keys = await listKeys(path);
      expect(keys.map(({ state }) => state)).toEqual(["retired", "signing"]);
      expectNoSecretIn(keys);
    }
  });

  test("of nothing: refused", async () => {
    await expect(listKeys(folder)).rejects.toMatchObject({ code: "keys_unreadable", where: folder });
  });
});
