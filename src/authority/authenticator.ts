import { AssentError } from "../model/error.js";
import { PrincipalRecord } from "../model/principal.js";

/** An authenticated person, service or clock. Only an {@link Authenticator} can make one. */
export type Principal = Readonly<PrincipalRecord>;

/** What an authenticator has found out about who is there. */
export type Identity = Pick<PrincipalRecord, "kind" | "id" | "name"> & {
  roles?: readonly string[];
  groups?: readonly string[];
};

// What an identity says beyond this, such as a level of its own, is left out.
const KnownIdentity = PrincipalRecord.pick({ kind: true, id: true, name: true, roles: true, groups: true })
  .partial({ roles: true })
  .strip();

/**
 * Turns a credential (a session, a token, the OS user of this process) into a principal. `createAssent` lists the
 * authenticators that it accepts; a principal of any other is refused, and so is an object that only looks like one.
 */
export interface Authenticator<Credential = void> {
  /** What decisions say vouched for the principal. */
  readonly name: string;
  /**
   * Authenticates.
   *
   * @throws AssentError `authentication_failed` if the credential is not good.
   */
  authenticate(credential: Credential): Promise<Principal>;
}

// Which authenticator made which principal. Not reachable from outside, so a look-alike object has no entry here.
const makers = new WeakMap<Principal, Authenticator<never>>();

/**
 * Makes an authenticator from a function that checks a credential and says who it is, or throws.
 *
 * @example
 * ```ts
 * import { createAuthenticator } from "assent";
 *
 * const sessions = new Map([["s-1", { id: "ana", name: "Ana Ruiz" }]]);
 * export const bySession = createAuthenticator("session", async (id: string) => {
 *   const user = sessions.get(id);
 *   if (user === undefined) throw new Error("no such session");
 *   return { kind: "person" as const, ...user };
 * });
 * ```
 */
export function createAuthenticator<Credential = void>(
  name: string,
  identify: (credential: Credential) => Identity | Promise<Identity>,
): Authenticator<Credential> {
  const authenticator: Authenticator<Credential> = {
    name,
    async authenticate(credential) {
      let identity: unknown;
      try {
        identity = await identify(credential);
      } catch (cause) {
        throw new AssentError("authentication_failed", {
          what: `The authenticator "${name}" did not accept the credential`,
          cause,
        });
      }
      const parsed = KnownIdentity.safeParse(identity);
      if (!parsed.success) {
        throw new AssentError("authentication_failed", {
          what: `The authenticator "${name}" gave no usable identity`,
          seen: identity,
          cause: parsed.error,
        });
      }
      const { roles = [], groups, ...known } = parsed.data;
      const principal: Principal = Object.freeze({
        ...known,
        roles: Object.freeze([...roles]) as string[],
        ...(groups === undefined ? {} : { groups: Object.freeze([...groups]) as string[] }),
        authenticator: name,
        level: "system",
      });
      makers.set(principal, authenticator);
      return principal;
    },
  };
  return authenticator;
}

/** What the ledger keeps of a principal, as a copy of its own. */
export function recordOf({ kind, id, name, roles, groups, authenticator, level }: Principal): PrincipalRecord {
  return { kind, id, name, roles: [...roles], ...(groups && { groups: [...groups] }), authenticator, level };
}

/**
 * Lets a principal pass if one of `accepted` made it.
 *
 * @throws AssentError `principal_unverified` otherwise.
 */
export function requirePrincipal(value: unknown, accepted: readonly Authenticator<never>[]): Principal {
  const maker = typeof value === "object" && value !== null ? makers.get(value as Principal) : undefined;
  if (maker !== undefined && accepted.includes(maker)) return value as Principal;
  throw new AssentError("principal_unverified", {
    what:
      maker === undefined
        ? "The decision's `by` was not made by an authenticator"
        : `The authenticator "${maker.name}" is not accepted here`,
    where: "by",
    seen: value,
    fix: `Use a principal of one of: ${accepted.map(({ name }) => name).join(", ")}`,
  });
}
