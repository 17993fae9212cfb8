import type { Migration } from "../migrate.js";
import { ledger } from "./000001-ledger.js";
import { trust } from "./000002-trust.js";

/** Every migration, in order. Append only: a released migration never changes. */
export const migrations: readonly Migration[] = [ledger, trust];
