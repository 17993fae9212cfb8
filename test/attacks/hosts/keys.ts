import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadKeys, type Keys } from "assent";
import { manualClock } from "assent/testing";
import { generateKeys, revokeKey, rotateKeys } from "../../../src/authority/key-folder.js";

const DAY_MS = 86_400_000;

/** How many days ago the reviewers got their first key. */
export const FIRST_KEY_DAYS_AGO = 400;
/** How many days ago they got the one that they sign with now, and the first was retired. */
export const NEXT_KEY_DAYS_AGO = 30;

/** The keys of a host's reviewers, on disk, as in production: changed there, they count at once. */
export interface HostKeys {
  /** What reviewers sign with. */
  deciding: Keys;
  /** The file that graph hosts get: public keys alone. */
  publicFile: string;
  /** What graphs check with: that file. */
  checking: Keys;
  /** A copy of what reviewers signed with until they got the next key. */
  retired: Keys;
  /** Makes a copy of what reviewers sign with now. */
  steal(): Promise<Keys>;
  /** Revokes what reviewers sign with now, as of yesterday; they get a new key, which is of yesterday too. */
  revoke(): Promise<void>;
  remove(): void;
}

/** Makes keys in a folder of their own, with a past. */
export async function makeKeys(): Promise<HostKeys> {
  const parent = mkdtempSync(join(tmpdir(), "assent-attacks-keys-"));
  const folder = join(parent, "keys");
  const steal = async (): Promise<Keys> => {
    const stolen = mkdtempSync(join(parent, "stolen-"));
    cpSync(folder, stolen, { recursive: true });
    return loadKeys(stolen);
  };
  await generateKeys(folder, daysAgo(FIRST_KEY_DAYS_AGO));
  const retired = await steal();
  const { public: publicFile } = await rotateKeys(folder, daysAgo(NEXT_KEY_DAYS_AGO));
  const deciding = await loadKeys(folder);
  return {
    deciding,
    publicFile,
    checking: await loadKeys(publicFile),
    retired,
    steal,
    async revoke() {
      const signer = await deciding.signer();
      await revokeKey(folder, signer?.keyId ?? "", daysAgo(1));
    },
    remove: () => rmSync(parent, { recursive: true, force: true }),
  };
}

function daysAgo(days: number) {
  return manualClock(new Date(Date.now() - days * DAY_MS).toISOString());
}
