import { mkdtemp, readFile, readdir, rm, stat, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadKeys } from "assent";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli, type Ran } from "./run-cli.js";

let root: string;
let nth = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "assent-keys-cli-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const newFolder = (): string => join(root, `keys ${(nth += 1)}`);

interface Told {
  signing: string;
  public: string;
  keys: { id: string; state: string; isPrivate: boolean }[];
}

/** Runs `assent keys` where a working folder and `ASSENT_KEYS` matter. */
const runThere = (args: string[], cwd: string, keys?: string): Promise<Ran> =>
  runCli(["keys", ...args], { cwd, environment: keys === undefined ? {} : { ASSENT_KEYS: keys } });

/** Every private half in a folder. */
async function secretsIn(folder: string): Promise<string[]> {
  const { keys } = JSON.parse(await readFile(join(folder, "signing.json"), "utf8")) as { keys: { d?: string }[] };
  return keys.flatMap(({ d }) => (d === undefined ? [] : [d]));
}

function expectNoSecret({ stdout, stderr }: Ran, secrets: string[]): void {
  expect(secrets.length).toBeGreaterThan(0);
  for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
}

describe("assent keys", () => {
  test("has help for each of its commands, no wider than a terminal", async () => {
    const commands = ["generate", "rotate", "revoke", "list"];
    const helps = await Promise.all(commands.map((command) => runCli(["keys", command, "--help"])));
    const all = await runCli(["--help"]);
    for (const [at, help] of helps.entries()) {
      expect(help).toMatchObject({ code: 0, stderr: "" });
      expect(help.stdout).toMatch(new RegExp(`^Usage: assent keys ${commands[at]} `));
      expect(help.stdout).toContain("ASSENT_KEYS");
      expect(help.stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
      expect(all.stdout).toContain(`keys ${commands[at]}`);
    }
  });

  test.each([
    [["keys"], "Usage: assent keys <command>"],
    [["keys", "destroy"], 'there is no command "keys destroy"'],
    [["keys", "generate", "a", "b"], "`keys generate` takes one folder"],
    [["keys", "rotate", "a", "b"], "`keys rotate` takes one folder"],
    [["keys", "list", "a", "b"], "`keys list` takes one folder"],
    [["keys", "revoke"], "`keys revoke` takes the id of a key"],
    [["keys", "revoke", "id", "a", "b"], "`keys revoke` takes one folder"],
  ])("does not guess at %j", async (args, said) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(said);
    expect(stderr).not.toContain("    at ");
  });

  test("makes, rotates, revokes and lists keys, and never shows a private one", async () => {
    const folder = newFolder();
    const made = await runCli(["keys", "generate", folder]);
    expect(made).toMatchObject({ code: 0, stderr: "" });
    expectNoSecret(made, await secretsIn(folder));
    const [id] = made.stdout.match(/^[\w-]{43}/) ?? [""];
    expect(made.stdout).toMatch(/^[\w-]{43} {2}signing/);
    expect(made.stdout).toContain(`for those that decide   ${join(folder, "signing.json")}\n`);
    expect(made.stdout).toContain(`for graph hosts         ${join(folder, "public.json")}\n`);
    expect((await stat(join(folder, "signing.json"))).mode & 0o077).toBe(0);

    const rotated = await runCli(["keys", "rotate", folder]);
    expect(rotated).toMatchObject({ code: 0, stderr: "" });
    expect(rotated.stdout).toMatch(new RegExp(`^${id} {2}retired.*\n {2}since .+Z, until .+Z\n[\\w-]{43} {2}signing`));
    expectNoSecret(rotated, await secretsIn(folder));

    const revoked = await runCli(["keys", "revoke", id, folder]);
    expect(revoked).toMatchObject({ code: 0, stderr: "" });
    expect(revoked.stdout).toMatch(new RegExp(`^${id} {2}revoked`));
    expectNoSecret(revoked, await secretsIn(folder));

    const listed = await runCli(["keys", "list", folder]);
    expect(listed).toMatchObject({ code: 0, stderr: "" });
    expect(listed.stdout).toBe(revoked.stdout.split("\n\n")[0] + "\n");
    expect(listed.stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(await runCli(["keys", "list", join(folder, "public.json")])).toEqual(listed);
    expect((await (await loadKeys(folder)).trusted()).map(({ revokedAt }) => revokedAt !== null)).toEqual([
      true,
      false,
    ]);
  });

  test("takes an id that begins like an option for an id", async () => {
    const folder = newFolder();
    await runCli(["keys", "generate", folder]);
    for (const id of ["-".padEnd(43, "M"), "--".padEnd(43, "_")]) {
      const { code, stdout, stderr } = await runCli(["keys", "revoke", id, folder]);
      expect(stdout).toBe("");
      expect(code).not.toBe(0);
      expect(stderr).toContain(id);
      expect(stderr).not.toContain("[usage]");
    }
  });

  test("says the same as JSON", async () => {
    const folder = newFolder();
    const made = await runCli(["keys", "generate", folder, "--json"]);
    expect(made).toMatchObject({ code: 0, stderr: "" });
    const told = JSON.parse(made.stdout) as Told;
    expect(told).toMatchObject({
      signing: join(folder, "signing.json"),
      public: join(folder, "public.json"),
      keys: [{ state: "signing", isPrivate: true, until: null, revokedAt: null }],
    });
    const rotated = JSON.parse((await runCli(["keys", "rotate", folder, "--json"])).stdout) as Told;
    expect(rotated.keys.map(({ state }) => state)).toEqual(["retired", "signing"]);
    const revoked = await runCli(["keys", "revoke", rotated.keys[1]!.id, folder, "--json"]);
    expect((JSON.parse(revoked.stdout) as Told).keys.map(({ state }) => state)).toEqual([
      "retired",
      "revoked",
      "signing",
    ]);
    const listed = await runCli(["keys", "list", folder, "--json"]);
    expect(JSON.parse(listed.stdout)).toEqual((JSON.parse(revoked.stdout) as Told).keys);
    for (const ran of [made, revoked, listed]) {
      expectNoSecret(ran, await secretsIn(folder));
      expect(ran.stdout.trimEnd().split("\n")).toHaveLength(1);
    }
  });

  test("uses ASSENT_KEYS, or .assent/keys where that says nothing, unless a folder is named", async () => {
    const cwd = await mkdtemp(join(root, "working-"));
    const named = newFolder();
    expect((await runThere(["generate"], cwd, named)).code).toBe(0);
    expect((await readdir(named)).toSorted()).toEqual(["public.json", "signing.json"]);
    const other = newFolder();
    expect((await runThere(["generate", other], cwd, named)).code).toBe(0);
    expect(await readdir(other)).toHaveLength(2);
    expect(await readdir(cwd)).toEqual([]);
    const inPlace = await runThere(["generate"], cwd, "");
    expect(inPlace).toMatchObject({ code: 0, stderr: "" });
    expect(inPlace.stdout).toContain(join(".assent", "keys", "signing.json"));
    expect((await runThere(["list", "--json"], cwd)).stdout).toBe((await runThere(["list", "--json"], cwd, "")).stdout);
    const [key] = JSON.parse((await runThere(["list", "--json"], cwd, named)).stdout) as { id: string }[];
    const revoked = await runThere(["revoke", key!.id], cwd, named);
    expect(revoked).toMatchObject({ code: 0, stdout: expect.stringMatching(/revoked/) });
  });
});

describe("assent keys that cannot", () => {
  /** How it ended, with the code of the error if nothing but one line about it was printed. */
  const refusal = ({ code, stdout, stderr }: Ran): [number | null, string | undefined] => [
    code,
    stdout === "" ? /^assent: .+\[(\w+)\]\n$/.exec(stderr)?.[1] : undefined,
  ];

  test("make keys where there are some: the first stay", async () => {
    const folder = newFolder();
    await runCli(["keys", "generate", folder]);
    const before = await readFile(join(folder, "signing.json"), "utf8");
    const again = await runCli(["keys", "generate", folder]);
    expect(refusal(again)).toEqual([3, "keys_exist"]);
    expect(again.stderr).toContain("assent keys rotate");
    expect(await readFile(join(folder, "signing.json"), "utf8")).toBe(before);
  });

  test("find a key: 1, for the answer is no", async () => {
    const folder = newFolder();
    await runCli(["keys", "generate", folder]);
    expect(refusal(await runCli(["keys", "revoke", "nobody's", folder]))).toEqual([1, "key_unknown"]);
  });

  test("find keys, or read them", async () => {
    const folder = newFolder();
    for (const command of [["list"], ["rotate"], ["revoke", "any"]]) {
      expect(refusal(await runCli(["keys", ...command, folder]))).toEqual([3, "keys_unreadable"]);
    }
    await runCli(["keys", "generate", folder]);
    const secrets = await secretsIn(folder);
    const whole = await readFile(join(folder, "signing.json"), "utf8");
    await writeFile(join(folder, "signing.json"), whole.slice(0, -5));
    for (const command of [["list"], ["rotate"]]) {
      const ran = await runCli(["keys", ...command, folder]);
      expect(refusal(ran)).toEqual([3, "keys_invalid"]);
      expectNoSecret(ran, secrets);
    }
    await unlink(join(folder, "signing.json"));
    expect((await runCli(["keys", "list", folder])).code).toBe(0);
    expect(refusal(await runCli(["keys", "rotate", folder]))).toEqual([3, "keys_unreadable"]);
  });
});
