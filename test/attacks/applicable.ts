import { isExpressible, type Attack, type Way } from "./attack.js";
import type { HostName } from "./hosts/host.js";
import { shapes, type Shape, type ShapeName } from "./shapes.js";
import type { Need, Pattern } from "./victims/patterns/pattern.js";

/** Why a way cannot be tried on a pattern; null where it can. */
export function whyNotOn({ lacks }: Pattern, way: Way): string | null {
  const needs = [...needsOf(shapes[way.shape ?? "one"]), ...(way.needs === undefined ? [] : [way.needs])];
  return needs.map((need) => lacks[need]).find((why) => why !== undefined) ?? null;
}

function needsOf({ small, keyed, around }: Shape): Need[] {
  return [
    ...(small ? (["what needs nobody"] as const) : []),
    ...(keyed ? (["keys"] as const) : []),
    ...(around === "cache" ? (["a cache"] as const) : []),
  ];
}

/** The graph in which a way is tried on a pattern: what asks about one payment at a time asks twice side by side. */
export function shapeFor({ asksOne }: Pattern, { shape = "one" }: Way): ShapeName {
  return shape === "twoPayments" && asksOne ? "sideBySide" : shape;
}

/** The ways of an attack that can be tried on a pattern, on a host. */
export function waysOn(host: HostName, pattern: Pattern, { ways }: Attack): Way[] {
  return ways.filter((way) => isExpressible(way, host) && whyNotOn(pattern, way) === null);
}
