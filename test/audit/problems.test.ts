import { expect, it } from "vitest";
import { Problems, PROBLEMS_MAX } from "../../src/audit/problems.js";
import { auditId } from "../../src/model/case.js";

it("problems say where they are, are listed up to a bound and counted beyond it", () => {
  const problems = new Problems();
  problems.add("everywhere");
  problems.add("at a row", { seq: 3 });
  problems.add("with a case", { seq: 4, proposalId: "pr_1" });
  expect(problems.listed).toEqual([
    { what: "everywhere" },
    { seq: 3, what: "at a row" },
    { seq: 4, auditId: auditId("pr_1"), proposalId: "pr_1", what: "with a case" },
  ]);
  for (let n = 3; n < PROBLEMS_MAX + 5; n += 1) problems.add("again", { seq: n });
  expect([problems.listed.length, problems.more]).toEqual([PROBLEMS_MAX, 5]);
});
