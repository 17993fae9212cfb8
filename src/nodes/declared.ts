import type { AnyAction, Assent } from "./assent.js";
import { AssentError } from "../model/error.js";

// Actions that gates bring along, such as questions; nobody else names them.
const brought = new WeakMap<Assent, Map<string, AnyAction>>();

/** The actions that gates have brought along so far. */
export function declaredIn(assent: Assent): ReadonlyMap<string, AnyAction> {
  return brought.get(assent) ?? new Map();
}

/**
 * Declares an action that a gate brings along. A graph that is built again brings it again.
 *
 * @throws AssentError `gate_invalid` if `createAssent` lists one of that name.
 */
export function declare(assent: Assent, action: AnyAction): void {
  if (assent.actions.some(({ name }) => name === action.name)) {
    throw new AssentError("gate_invalid", {
      what: "A gate brings an action of its own, and its name is taken",
      where: "actions",
      seen: action.name,
      fix: "Rename the gate or the action",
    });
  }
  brought.set(assent, new Map([...declaredIn(assent), [action.name, action]]));
}
