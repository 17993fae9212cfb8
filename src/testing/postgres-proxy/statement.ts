/** What a statement does to transactions. */
export type StatementKind = "begin" | "commit" | "rollback" | "write" | "read";

// Text and comments, in which any word may stand without meaning anything.
const SILENT = /e'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$.*?\$\1\$|--[^\n]*|\/\*.*?\*\//gis;
const LOCKING = /\bfor\s+(?:no\s+key\s+)?update\b/g;
const WRITING =
  /\b(?:insert|update|delete|merge|truncate|create|alter|drop|copy|call|do|grant|revoke|into|refresh|reindex|comment|record_decision)\b/;

/** The statements of a text, in lower case and without what stands in quotes. */
export function statementsIn(sql: string): string[] {
  return sql
    .replace(SILENT, " ")
    .toLowerCase()
    .split(";")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

/** What a statement, as {@link statementsIn} gives it, does. Told by its words, so a function that writes is missed, but for the ledger's own. */
export function kindOf(statement: string): StatementKind {
  const [first = "", second] = statement.split(/\s+/, 2);
  switch (first) {
    case "begin":
    case "start":
      return "begin";
    case "commit":
    case "end":
      return "commit";
    case "rollback":
    case "abort":
      // Back to a savepoint is not out of the transaction.
      return second === "to" || /^rollback\s+(?:work|transaction)\s+to\b/.test(statement) ? "read" : "rollback";
    case "prepare":
      // The first half of a two-phase commit; otherwise only a name for a statement.
      return second === "transaction" ? "commit" : "read";
    default:
      return WRITING.test(statement.replace(LOCKING, " ")) ? "write" : "read";
  }
}
