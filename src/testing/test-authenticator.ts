import { createAuthenticator, type Authenticator, type Identity } from "../authority/authenticator.js";

/** Whom a test says is there: at least an id. */
export type TestIdentity = Partial<Identity> & Pick<Identity, "id">;

/**
 * An authenticator for tests and unattended trials: it believes whatever it is told. List it under `authenticators`
 * of `createAssent`; no production set-up does, so its principals decide nothing there.
 *
 * @example
 * ```ts
 * import { testAuthenticator } from "assent/testing";
 *
 * const people = testAuthenticator();
 * export const ana = await people.authenticate({ id: "ana", roles: ["manager"] });
 * ```
 */
export function testAuthenticator(): Authenticator<TestIdentity> {
  return createAuthenticator<TestIdentity>("test", ({ kind = "person", id, name = id, ...rest }) => ({
    kind,
    id,
    name,
    ...rest,
  }));
}
