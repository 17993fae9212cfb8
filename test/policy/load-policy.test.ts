import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadPolicy } from "../../src/policy/load-policy.js";
import { policy } from "../../src/policy/policy.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "assent-policy-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

test("a YAML and a JSON file load as the policy they hold", async () => {
  const { digest } = policy({ default: { route: "review" } });
  expect((await loadPolicy(await written("p.yaml", "default: { route: review }\n"))).digest).toBe(digest);
  expect((await loadPolicy(await written("p.json", '{"default":{"route":"review"}}'))).digest).toBe(digest);
});

test("a bad policy is reported with its file, line and column", async () => {
  const path = await written("bad.yaml", "\ndefault: { route: reviw }\n");
  await expect(loadPolicy(path)).rejects.toMatchObject({
    code: "policy_invalid",
    message: expect.stringContaining(`${path}:2:19 $.default.route: expected a route`) as string,
  });
});

test("a file that is missing, a folder or not UTF-8 cannot be read", async () => {
  const latin1 = await written("latin1.yaml", Uint8Array.from([0x23, 0xe9, 0x0a]));
  for (const path of [join(folder, "missing.yaml"), folder, latin1]) {
    await expect(loadPolicy(path)).rejects.toMatchObject({
      code: "policy_unreadable",
      where: path,
      cause: expect.any(Error) as Error,
    });
  }
});
