import type { AnyAction, Assent } from "./assent.js";
import { declaredIn } from "./declared.js";
import { undoActionOf } from "./taking-back.js";

/** The action of a name: one of an Assent's own, one that a gate brought along, or how one of these is taken back. */
export function actionOf(assent: Assent, name: string): AnyAction | undefined {
  return listedOf(assent, name) ?? undoActionOf(assent, name, (of) => listedOf(assent, of));
}

function listedOf(assent: Assent, name: string): AnyAction | undefined {
  return assent.actions.find((action) => action.name === name) ?? declaredIn(assent).get(name);
}
