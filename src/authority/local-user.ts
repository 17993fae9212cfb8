import { userInfo } from "node:os";
import { createAuthenticator, type Authenticator } from "./authenticator.js";

/**
 * The user whom the operating system runs this process as: enough for a person who reviews in a terminal on their
 * own machine. Accepted by default.
 */
export const localUser: Authenticator = createAuthenticator("local-user", () => {
  const { username } = userInfo();
  return { kind: "person", id: username, name: username };
});
