import { ephemeralKeys, type Keys } from "../authority/keys.js";

/** Keys for a test, in both of their forms. */
export interface TestKeys extends Keys {
  /** The same public key, without what signs: what a graph host has. */
  readonly publicOnly: Keys;
}

/**
 * A new signing key for a test, known to nothing else: for `keys` of `createAssent` where the ledger is in Postgres.
 *
 * @example
 * ```ts
 * import { testKeys } from "assent/testing";
 *
 * const keys = testKeys();
 * console.log(await keys.signer(), await keys.publicOnly.signer());
 * ```
 */
export function testKeys(): TestKeys {
  const keys = ephemeralKeys();
  return { ...keys, publicOnly: { signer: async () => null, trusted: () => keys.trusted() } };
}
