import type { Attack } from "../victim.js";
import { bareRetry, undecidedResume } from "./bare-resume.js";
import { earlierAnswer } from "./earlier-answer.js";
import { jump } from "./jump.js";
import { race } from "./race.js";
import { stateEdit } from "./state-edit.js";
import { timeTravel } from "./time-travel.js";
import { unknownInterrupt } from "./unknown-interrupt.js";

/** Every attack, in the order of the table. To add one, write it in a file of its own and list it here. */
export const attacks: readonly Attack[] = [
  earlierAnswer,
  bareRetry,
  undecidedResume,
  unknownInterrupt,
  race,
  timeTravel,
  jump,
  stateEdit,
];
