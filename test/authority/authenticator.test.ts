import { userInfo } from "node:os";
import { describe, expect, test } from "vitest";
import { createAuthenticator, localUser, type Identity, type Principal } from "assent";
import { requirePrincipal } from "../../src/authority/authenticator.js";
import { unverifiedPrincipal } from "../../src/authority/unverified.js";

const ana: Identity = { kind: "person", id: "ana", name: "Ana Ruiz", roles: ["manager"] };
const byToken = createAuthenticator("token", async (token: string) => {
  if (token !== "good") throw new Error("no such token");
  return ana;
});

describe("authenticating", () => {
  test("a good credential gives a principal that says who vouches for it", async () => {
    expect(await byToken.authenticate("good")).toEqual({ ...ana, authenticator: "token", level: "system" });
  });

  test("a bad credential is one error, with the reason underneath", async () => {
    await expect(byToken.authenticate("bad")).rejects.toMatchObject({
      code: "authentication_failed",
      httpStatus: 401,
      cause: { message: "no such token" },
    });
  });

  const useless: Record<string, unknown> = {
    nothing: undefined,
    null: null,
    "a name alone": "ana",
    "no id": { kind: "person", name: "Ana" },
    "an empty id": { ...ana, id: "" },
    "an empty name": { ...ana, name: "" },
    "an unknown kind": { ...ana, kind: "robot" },
    "roles that are no list": { ...ana, roles: 5 },
    "roles that are a text": { ...ana, roles: "manager" },
    "roles that are no texts": { ...ana, roles: [1] },
  };
  test.each(Object.entries(useless))("an identity that is %s is refused, not passed on", async (_, identity) => {
    const broken = createAuthenticator("broken", () => identity as Identity);
    await expect(broken.authenticate()).rejects.toMatchObject({ code: "authentication_failed" });
  });

  test("what an identity says about its own authenticator or level counts for nothing", async () => {
    const boasting = createAuthenticator("modest", () => ({ ...ana, authenticator: "passkey", level: "user-held" }));
    expect(await boasting.authenticate()).toMatchObject({ authenticator: "modest", level: "system" });
  });

  test("a principal cannot be changed afterwards, nor through the identity it came from", async () => {
    const roles = ["clerk"];
    const principal = await createAuthenticator("late", () => ({ ...ana, roles })).authenticate();
    roles.push("manager");
    expect(principal.roles).toEqual(["clerk"]);
    expect(() => ((principal as { id: string }).id = "ceo")).toThrow(TypeError);
    expect(() => principal.roles.push("manager")).toThrow(TypeError);
    expect(Object.isFrozen(principal) && Object.isFrozen(principal.roles)).toBe(true);
  });

  test("the local user is whoever the operating system runs this process as", async () => {
    const { username } = userInfo();
    expect(await localUser.authenticate()).toEqual({
      kind: "person",
      id: username,
      name: username,
      roles: [],
      authenticator: "local-user",
      level: "system",
    });
  });
});

describe("who may act", () => {
  const accepted = [byToken];
  const refused = expect.objectContaining({ code: "principal_unverified", httpStatus: 401 });

  test("a principal of an accepted authenticator passes, as itself", async () => {
    const principal = await byToken.authenticate("good");
    expect(requirePrincipal(principal, accepted)).toBe(principal);
  });

  test("a look-alike does not pass, however it was made", async () => {
    const real = await byToken.authenticate("good");
    const lookAlikes: unknown[] = [
      { ...real },
      structuredClone(real),
      JSON.parse(JSON.stringify(real)),
      Object.create(real),
      new Proxy(real, {}),
      unverifiedPrincipal("ana"),
      "ana",
      null,
      undefined,
      7,
    ];
    for (const one of lookAlikes) expect(() => requirePrincipal(one, accepted)).toThrow(refused);
  });

  test("a principal of an authenticator that is not listed does not pass, also if it has the same name", async () => {
    const impostor = createAuthenticator("token", () => ana);
    const principal: Principal = await impostor.authenticate();
    expect(() => requirePrincipal(principal, accepted)).toThrow(/not accepted here/);
    expect(() => requirePrincipal(principal, [])).toThrow(refused);
  });

  test("a copy of a listed authenticator that says something else is not that authenticator", async () => {
    const copy = { ...byToken, authenticate: async () => ({ ...(await byToken.authenticate("good")), id: "ceo" }) };
    expect(() => requirePrincipal(undefined, [copy])).toThrow(refused);
    expect(() => requirePrincipal({ ...ana }, [copy])).toThrow(refused);
  });
});

describe("whoever resumes in open trust", () => {
  test("is never a principal, has no roles, and carries the name that was claimed", () => {
    expect(unverifiedPrincipal("ana")).toEqual({
      kind: "person",
      id: "ana",
      name: "ana",
      roles: [],
      authenticator: "none",
      level: "unverified",
    });
    expect(unverifiedPrincipal(null).name).toBe("whoever resumed");
  });
});
