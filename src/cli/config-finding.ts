/** What is wrong with the surroundings of a configuration, or could be. The names are stable. */
export interface ConfigFinding {
  name:
    | "checkpoints-missing"
    | "checkpoints-newer"
    | "checkpoints-older"
    | "checkpoints-unreadable"
    | "clock-off"
    | "database-unreachable"
    | "database-unsaid"
    | "deliveries-failing"
    | "keys-public-only"
    | "keys-unreadable"
    | "migration-missing"
    | "threads-unreachable"
    | "threads-unreadable"
    | "undelivered";
  severity: "error" | "warning" | "note";
  where: string;
  what: string;
  fix: string;
}
