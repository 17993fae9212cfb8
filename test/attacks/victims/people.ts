import { testAuthenticator } from "assent/testing";

/** Whoever it is told is there. */
export const people = testAuthenticator();
