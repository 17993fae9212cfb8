import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { openEmbeddedPostgres } from "../../src/ledger/postgres/embedded/index.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** Connection URL of the Postgres that all test files share. */
    postgresUrl: string;
  }
}

/** One Postgres for the whole run: your own by `DATABASE_URL`, otherwise an embedded one in a temporary folder. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const own = process.env["DATABASE_URL"];
  if (own !== undefined && own !== "") {
    provide("postgresUrl", own);
    return async () => {};
  }
  const directory = await mkdtemp(join(tmpdir(), "assent-tests-"));
  // Run as root, Postgres works as another user, who must be able to enter.
  await chmod(directory, 0o755);
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const server = await openEmbeddedPostgres({ directory });
    provide("postgresUrl", server.url);
    return async () => {
      // Nobody will read it again, so nothing has to be written out: on a busy machine that takes its time.
      const [pid] = (await readFile(join(directory, "data", "postmaster.pid"), "utf8")).split("\n");
      process.kill(Number(pid), "SIGQUIT");
      await server.close();
      await remove();
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
