import * as fc from "fast-check";
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the property tests of this run start from. */
    propertySeed: number;
  }
}

fc.configureGlobal({ seed: inject("propertySeed") });
