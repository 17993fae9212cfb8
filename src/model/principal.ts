import { z } from "zod";
import { TrustLevel } from "./trust.js";

/** Who decided, as the ledger keeps it. */
export const PrincipalRecord = z.strictObject({
  kind: z.enum(["person", "service", "clock"]),
  /** Stable, such as `ana` or an OS user name. Whoever has the same id is the same person, whichever authenticator says so. */
  id: z.string().min(1),
  /** The name that people read. */
  name: z.string().min(1),
  roles: z.array(z.string()),
  /** Groups that they belong to; left out for none. */
  groups: z.array(z.string()).optional(),
  /** Name of the authenticator that vouches for it. */
  authenticator: z.string().min(1),
  level: TrustLevel,
});
/** Who decided, as the ledger keeps it. */
export type PrincipalRecord = z.infer<typeof PrincipalRecord>;
