import type { Attack } from "../attack.js";
import { bareRetry, undecidedResume } from "./bare-resume.js";
import { cancelledRun } from "./cancelled-run.js";
import { earlierAnswer } from "./earlier-answer.js";
import { errorHandler } from "./error-handler.js";
import { foreignPermit } from "./foreign-permit.js";
import { forgedLedger } from "./forged-ledger.js";
import { forgedState } from "./forged-state.js";
import { forgedThreads } from "./forged-threads.js";
import { jump } from "./jump.js";
import { junkAnswers } from "./junk.js";
import { killedWorker } from "./killed-worker.js";
import { oldSignature } from "./old-signature.js";
import { race } from "./race.js";
import { revokedKey } from "./revoked-key.js";
import { scalarAnswer } from "./scalar-answer.js";
import { sharedCache } from "./shared-cache.js";
import { stateEdit } from "./state-edit.js";
import { swap } from "./swap.js";
import { timeTravel } from "./time-travel.js";
import { twoWorkers } from "./two-workers.js";
import { unknownInterrupt } from "./unknown-interrupt.js";
import { wrongClock } from "./wrong-clock.js";

/** Every attack, in the order of the table. To add one, write it in a file of its own and list it here. */
export const attacks: readonly Attack[] = [
  earlierAnswer,
  bareRetry,
  undecidedResume,
  unknownInterrupt,
  race,
  cancelledRun,
  killedWorker,
  twoWorkers,
  timeTravel,
  jump,
  stateEdit,
  forgedState,
  foreignPermit,
  swap,
  forgedThreads,
  forgedLedger,
  oldSignature,
  revokedKey,
  wrongClock,
  sharedCache,
  errorHandler,
  scalarAnswer,
  junkAnswers,
];
