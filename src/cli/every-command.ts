import type { Command } from "./command.js";
import { auditCheckCommand } from "./commands/audit-check.js";
import { auditShowCommand } from "./commands/audit-show.js";
import { doctorCommand } from "./commands/doctor.js";
import { grantCommand } from "./commands/grant.js";
import { keysGenerateCommand, keysListCommand, keysRevokeCommand, keysRotateCommand } from "./commands/keys.js";
import { migrateCommand } from "./commands/migrate.js";
import { policyCheckCommand } from "./commands/policy-check.js";
import { policyDiffCommand } from "./commands/policy-diff.js";
import { policyExplainCommand } from "./commands/policy-explain.js";
import { policyTestCommand } from "./commands/policy-test.js";
import { reviewAbstainCommand } from "./commands/review-abstain.js";
import { reviewAnswerCommand } from "./commands/review-answer.js";
import { reviewApproveCommand } from "./commands/review-approve.js";
import { reviewClaimCommand } from "./commands/review-claim.js";
import { reviewEscalateCommand } from "./commands/review-escalate.js";
import { reviewLsCommand } from "./commands/review-ls.js";
import { reviewModifyCommand } from "./commands/review-modify.js";
import { reviewRejectCommand } from "./commands/review-reject.js";
import { reviewReleaseCommand } from "./commands/review-release.js";
import { reviewReviseCommand } from "./commands/review-revise.js";
import { reviewShowCommand } from "./commands/review-show.js";
import { reviewSnoozeCommand } from "./commands/review-snooze.js";
import { workerCommand } from "./commands/worker.js";

/** Every command, in the order in which help lists them. */
export const COMMANDS: readonly Command[] = [
  migrateCommand,
  grantCommand,
  keysGenerateCommand,
  keysRotateCommand,
  keysRevokeCommand,
  keysListCommand,
  auditShowCommand,
  auditCheckCommand,
  policyCheckCommand,
  policyExplainCommand,
  policyTestCommand,
  policyDiffCommand,
  workerCommand,
  reviewLsCommand,
  reviewShowCommand,
  reviewClaimCommand,
  reviewReleaseCommand,
  reviewSnoozeCommand,
  reviewApproveCommand,
  reviewModifyCommand,
  reviewRejectCommand,
  reviewAnswerCommand,
  reviewReviseCommand,
  reviewEscalateCommand,
  reviewAbstainCommand,
  doctorCommand,
];
