import {
  requestedChange,
  requireStageText,
  stagedEntry,
  type SetCeilingRequest,
  type SetStageRequest,
} from "../staging.js";
import type { StageRecord } from "../../autonomy/stage-record.js";
import type { Halt } from "../../model/halt.js";
import type { Reviewer } from "../../model/reviewer.js";
import { requireHaltText, type HaltRequest, type LiftRequest } from "../halting.js";
import { handledEntry } from "../journal.js";
import { requirePlainText } from "../plain-text.js";
import { requireHandling } from "../queue-requests.js";
import type { HandleRequest, HandleResult, QueueItem, QueueSettings } from "../queueing.js";
import { requireReviewer, type RegisterRequest } from "../registering.js";
import { MemoryReadings } from "./readings.js";

/** What people order beside single cases: halts, stages, who decides. */
export class MemoryStandingOrders extends MemoryReadings {
  async handle(request: HandleRequest): Promise<HandleResult> {
    requirePlainText({ by: request.by, to: request.handling.what === "assign" ? request.handling.to : null });
    requireHandling(request);
    const log = ({ proposalId }: QueueItem): void => this.log.append(handledEntry(request, proposalId));
    return this.queued.handle(this.kept.values(), request, this.in(0), log);
  }

  async setQueueSettings(settings: QueueSettings): Promise<void> {
    this.queued.set(settings);
  }

  async register(request: RegisterRequest): Promise<Reviewer> {
    requireReviewer(request);
    return this.known.register(request);
  }

  async halt(request: HaltRequest): Promise<Halt> {
    requireHaltText(request);
    return this.halted.halt(request);
  }

  async lift(request: LiftRequest): Promise<Halt | null> {
    requireHaltText(request);
    return this.halted.lift(request);
  }

  async setStage(request: SetStageRequest | SetCeilingRequest): Promise<StageRecord> {
    requireStageText(request);
    const change = requestedChange(this.staged.record(request.of), request);
    if (change !== null) {
      this.log.append(stagedEntry(change));
      this.staged.change(change);
    }
    return this.staged.record(request.of);
  }

  async setCeiling(request: SetCeilingRequest): Promise<StageRecord> {
    return this.setStage(request);
  }
}
