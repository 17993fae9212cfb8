import { describe, expect, test } from "vitest";
import { authority, NO_AUTHORITY } from "../../src/authority/authority.js";
import { whyNotSeparate } from "../../src/authority/segregation.js";
import { Verdict } from "../../src/model/decision.js";
import { person } from "./people.js";

const LETS_RUN: Verdict[] = ["approve", "modify", "answer"];
const OTHERS = Verdict.options.filter((verdict) => !LETS_RUN.includes(verdict));
const about = (requestedBy: string | null, agent = "support") => ({ proposal: { requestedBy, agent } });

const strict = authority({
  segregation: { agentOwners: { support: ["bo", "cy"], billing: ["dee"] }, policyAuthors: ["eve"] },
});

describe.each(LETS_RUN)("who had a part in a case may not %s it:", (verdict) => {
  test("who asked for it, also where no authority says anything", () => {
    for (const held of [strict, NO_AUTHORITY]) {
      expect(whyNotSeparate(held, person("ana"), about("ana"), verdict)).toBe(
        "Ana asked for this, so somebody else has to let it run",
      );
    }
  });

  test("who answers for the agent", () => {
    for (const id of ["bo", "cy"]) {
      expect(whyNotSeparate(strict, person(id), about(null), verdict)).toMatch(
        /^(Bo|Cy) answers for the agent support, so somebody else/,
      );
    }
    expect(whyNotSeparate(strict, person("dee"), about(null), verdict)).toBeNull();
    expect(whyNotSeparate(strict, person("dee"), about(null, "billing"), verdict)).toMatch(/agent billing/);
  });

  test("who wrote the policy", () => {
    expect(whyNotSeparate(strict, person("eve"), about("ana"), verdict)).toMatch(/^Eve wrote the policy/);
  });

  test("and nobody else", () => {
    expect(whyNotSeparate(strict, person("flo"), about("ana"), verdict)).toBeNull();
    expect(whyNotSeparate(strict, person("flo"), about(null), verdict)).toBeNull();
  });
});

test.each(OTHERS)("whoever had a part may %s", (verdict) => {
  for (const id of ["ana", "bo", "eve"]) {
    expect(whyNotSeparate(strict, person(id), about("ana"), verdict)).toBeNull();
  }
});

test("these are all the things that somebody can say", () => {
  expect(OTHERS).toEqual(["reject", "revise", "escalate", "abstain"]);
});

test("an authority may let who asked for it let it run, and still keep the others from it", () => {
  const { agentOwners } = strict.source.segregation;
  const small = authority({ segregation: { requester: false, agentOwners } });
  expect(whyNotSeparate(small, person("ana"), about("ana"), "approve")).toBeNull();
  expect(whyNotSeparate(small, person("bo"), about("bo"), "approve")).toMatch(/answers for the agent/);
});

test("only ids are compared, letter by letter", () => {
  for (const by of [
    person("x", { name: "ana", roles: ["ana"], groups: ["ana"] }),
    person("Ana"),
    person("ana "),
    person("an"),
  ]) {
    expect(whyNotSeparate(strict, by, about("ana"), "approve")).toBeNull();
  }
  const elsewhere = person("ana", { authenticator: "other", name: "Somebody" });
  expect(whyNotSeparate(strict, elsewhere, about("ana"), "approve")).toMatch(/^Somebody asked for this/);
});

test.each(["constructor", "toString", "__proto__", "hasOwnProperty"])("an agent may be called %s", (agent) => {
  expect(whyNotSeparate(strict, person("bo"), about(null, agent), "approve")).toBeNull();
  if (agent === "__proto__") return;
  const owned = authority({ segregation: { agentOwners: { [agent]: ["bo"] } } });
  expect(whyNotSeparate(owned, person("bo"), about(null, agent), "approve")).toMatch(/answers for/);
});
