import { describe, expect, it } from "vitest";
import { kindOf, statementsIn } from "../../../src/testing/postgres-proxy/statement.js";

describe("telling what a statement does", () => {
  it.each([
    ["BEGIN", "begin"],
    ["start transaction isolation level serializable", "begin"],
    ["commit", "commit"],
    ["END", "commit"],
    ["prepare transaction 'x'", "commit"],
    ["prepare plan as select 1", "read"],
    ["rollback", "rollback"],
    ["abort", "rollback"],
    ["rollback to savepoint a", "read"],
    ["ROLLBACK WORK TO a", "read"],
    ["savepoint a", "read"],
    ["insert into t values (1)", "write"],
    ["with gone as (delete from t returning a) select * from gone", "write"],
    ["select * into t2 from t", "write"],
    ["do $$ begin null; end $$", "write"],
    ["select a from t for update", "read"],
    ["select a from t for no key update skip locked", "read"],
    ["select 'insert into t' as said", "read"],
    [`select "update" from t -- then delete it`, "read"],
    ["select e'it\\'s; update' /* insert; */", "read"],
    ["select $x$ drop table t; $x$", "read"],
    ["show all", "read"],
  ])("%s", (sql, kind) => {
    const statements = statementsIn(sql);
    expect(statements).toHaveLength(1);
    expect(kindOf(statements[0] ?? "")).toBe(kind);
  });

  it("tells several statements apart", () => {
    expect(statementsIn("begin; insert into t values (';');; commit;").map(kindOf)).toEqual([
      "begin",
      "write",
      "commit",
    ]);
    expect(statementsIn(" ; ")).toEqual([]);
  });
});
