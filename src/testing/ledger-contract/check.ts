import assert from "node:assert/strict";
import type { AuditKind } from "../../model/audit-event.js";
import type { Case } from "../../model/case.js";
import type { ErrorCode } from "../../model/error-codes.js";
import { AssentError } from "../../model/error.js";
import type { Ledger } from "../../ledger/ledger.js";

/** Sets the time that the ledger tells leases by to `moment(seconds)`; time only moves forward. */
export type SetTime = (seconds: number) => Promise<void>;

/** Declares one case of the contract, on an empty ledger of its own, whose time starts at `moment(20)`. */
export type Check = (title: string, body: (ledger: Ledger, setTime: SetTime) => Promise<void>) => void;

/** How many callers race where several act at once. */
const RACERS = 16;

/** Runs `act` for {@link RACERS} callers at once and gives their answers. */
export async function race<Result>(act: (racer: number) => Promise<Result>): Promise<Result[]> {
  return Promise.all(Array.from({ length: RACERS }, (_, racer) => act(racer)));
}

/** Fails unless `work` leaves the case and the audit log as they were; gives what it answered. */
export async function changesNothing<Result>(
  ledger: Ledger,
  proposalId: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const before = { case: await ledger.read(proposalId), head: await ledger.auditHead() };
  const result = await work();
  assert.deepEqual({ case: await ledger.read(proposalId), head: await ledger.auditHead() }, before);
  return result;
}

/** Fails unless `work` rejects with an AssentError of this code. */
export async function rejectsWith(code: ErrorCode, work: () => Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(AssentError.isInstance(error), `expected an AssentError, got ${String(error)}`);
    assert.equal(error.code, code);
    return true;
  });
}

/** The kinds of a proposal's audit rows, in order. */
export async function kinds(ledger: Ledger, proposalId: string): Promise<AuditKind[]> {
  return (await ledger.auditRows({ afterSeq: 0, limit: 1_000, proposalId })).map(({ kind }) => kind);
}

/** How many audit rows of a kind a proposal has. */
export async function countOf(kind: AuditKind, ledger: Ledger, proposalId: string): Promise<number> {
  return (await kinds(ledger, proposalId)).filter((each) => each === kind).length;
}

/** The case as the ledger has it now. */
export async function reread(ledger: Ledger, { proposal }: Pick<Case, "proposal">): Promise<Case> {
  const held = await ledger.read(proposal.id);
  assert.ok(held, `the ledger lost ${proposal.id}`);
  return held;
}
