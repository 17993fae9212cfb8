import {
  approvalGate,
  exceptionEscalation,
  policy,
  progressiveAutonomy,
  suggestOnly,
  vetoWindow,
  type Assent,
} from "assent";
import { ASK_FROM_CENTS } from "../../stage.js";
import type { Payment } from "../../victim.js";
import { people } from "../people.js";
import { approve, ASKS_ALWAYS, orderOfPayment, paysNothing, type Pattern } from "./pattern.js";
import { ThreadTimes } from "./thread-times.js";

const INSIDE = ["policy", "review", "execute", "audit"];
/** The policy lets everything run, so that only what the pattern says stands in the way. */
const laxest = policy({ default: { route: "execute" } });

const NO_PERMIT = "whatever is said there, no right to anything comes of it";

const acting = {
  proposes: "agent",
  inside: INSIDE,
  ends: "pays",
  orderIn: orderOfPayment,
  yes: approve,
  lacks: {},
} as const satisfies Partial<Pattern>;

/** What an agent says that is sure of small payments, and of nothing else. */
function sureOfSmall({ cents }: Payment): { confidence: number; risk: number } {
  return { confidence: cents < ASK_FROM_CENTS ? 0.95 : 0.5, risk: 0.1 };
}

/** The one in README's table. */
export const asApprovalGate: Pattern = {
  ...acting,
  name: "approvalGate",
  gate: ({ assent, options }) => approvalGate(assent, options),
};

const asExceptionEscalation: Pattern = {
  ...acting,
  name: "exceptionEscalation",
  setUp: { policy: laxest },
  facts: sureOfSmall,
  gate: ({ assent, options }) => exceptionEscalation(assent, options),
};

/** At stage 2: who rejects half of what is proposed would soon bring it down to 1, where nothing is ever paid. */
const asProgressiveAutonomy: Pattern = {
  ...acting,
  name: "progressiveAutonomy",
  setUp: { policy: laxest, stageRule: () => null },
  async prepare({ autonomy }: Assent) {
    const by = await people.authenticate({ id: "owner" });
    for (const agent of ["agent", "agent2"]) {
      for (const action of ["pay", "pay-2"]) await autonomy.setStage(agent, action, 2, { by, reason: "Known." });
    }
  },
  facts: sureOfSmall,
  gate: ({ assent, options }) => progressiveAutonomy(assent, options),
};

/** A rightful yes is that nobody objected until the window ended: the permit rests on no decision. */
const times = new ThreadTimes();
const asVetoWindow: Pattern = {
  ...acting,
  name: "vetoWindow",
  setUp: { policy: laxest, clock: times },
  times,
  // The second gate's stays open when the first one's has ended.
  gate: ({ assent, stage, options }) =>
    vetoWindow(assent, { window: stage.index === 0 ? "PT10M" : "PT1H", ...options }),
  lacks: {
    "what needs nobody": "there everything waits for its window to end",
    "a yes at any time":
      "a worker whose clock is a year back sees no window end, and pays nothing that others could come upon",
  },
};

const asSuggestOnly: Pattern = {
  ...acting,
  name: "suggestOnly",
  setUp: { policy: laxest },
  gate: ({ assent, options }) => suggestOnly(assent, options),
  ends: "never pays",
  lacks: { ...ASKS_ALWAYS, ...paysNothing(NO_PERMIT), "a permit": NO_PERMIT },
};

/** Those to which an agent proposes. */
export const actingPatterns: readonly Pattern[] = [
  asExceptionEscalation,
  asProgressiveAutonomy,
  asVetoWindow,
  asSuggestOnly,
];
