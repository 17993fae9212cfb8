import type { Migration } from "../migrate.js";
import { ledger } from "./000001-ledger.js";
import { trust } from "./000002-trust.js";
import { deadlines } from "./000003-deadlines.js";
import { stages } from "./000004-stages.js";
import { history } from "./000005-history.js";
import { halts } from "./000006-halts.js";
import { jobs } from "./000007-jobs.js";
import { people } from "./000008-people.js";
import { queue } from "./000009-queue.js";
import { deciding } from "./000010-deciding.js";
import { addressed } from "./000011-addressed.js";
import { queueVotes } from "./000012-queue-votes.js";

/** Every migration, in order. Append only: a released migration never changes. */
export const migrations: readonly Migration[] = [
  ledger,
  trust,
  deadlines,
  stages,
  history,
  halts,
  jobs,
  people,
  queue,
  deciding,
  addressed,
  queueVotes,
];
