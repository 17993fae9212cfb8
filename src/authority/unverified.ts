import type { PrincipalRecord } from "../model/principal.js";

/** Whoever resumed a thread in open trust, by the name and roles they claim. Never a {@link Principal}: nobody vouches for it. */
export function unverifiedPrincipal(claimedName: string | null, roles: string[] = []): PrincipalRecord {
  const name = claimedName ?? "whoever resumed";
  return { kind: "person", id: name, name, roles, authenticator: "none", level: "unverified" };
}
