import { loadKeys } from "assent";
import { postgresLedger } from "assent/postgres";
import { Pool } from "pg";
import { EffectFile } from "../../support/effects.js";
import { Faults } from "../faults.js";
import type { Payment } from "../victim.js";

/** What the attacks' host says. */
function said(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new TypeError(`set ${name}: the attacks' host does`);
  return value;
}

const pool = new Pool({ connectionString: said("DATABASE_URL"), max: 10 });
pool.on("error", () => {});

/** The ledger that the reviewers use too, their public keys, and the folder in which effects are counted. */
export const ledger = postgresLedger({ pool, schema: said("ATTACKS_SCHEMA") });
export const keys = await loadKeys(said("ATTACKS_KEYS"));
export const effects = new EffectFile<Payment>(said("ATTACKS_FOLDER"));
export const faults = new Faults(effects.folder);
