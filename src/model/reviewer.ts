import { z } from "zod";

const Moment = z.iso.datetime();

/** Something that a person holds for a while: a licence, or a training that has to be refreshed. */
export const Qualification = z.strictObject({
  name: z.string().min(1),
  /** The moment from which it counts no more; null if it never runs out. */
  until: Moment.nullable(),
});
/** Something that a person holds for a while. */
export type Qualification = z.infer<typeof Qualification>;

/** While somebody is not there. */
export const Absence = z
  .strictObject({
    from: Moment,
    /** The moment at which they are back. */
    until: Moment,
    /** Id of the person who stands in; null for nobody. */
    to: z.string().min(1).nullable(),
  })
  .refine(({ from, until }) => Date.parse(from) < Date.parse(until), {
    path: ["until"],
    error: "An absence ends after it has begun",
  });
/** While somebody is not there. */
export type Absence = z.infer<typeof Absence>;

/** A person who decides, as the register of reviewers keeps them. */
export const Reviewer = z.strictObject({
  /** The id that their principal has. */
  id: z.string().min(1),
  /** The name that people read. */
  name: z.string().min(1),
  roles: z.array(z.string().min(1)),
  groups: z.array(z.string().min(1)),
  licences: z.array(Qualification),
  training: z.array(Qualification),
  away: Absence.nullable(),
  /** False for who decides no more; they stay in the register for what they have decided. */
  active: z.boolean(),
});
/** A person who decides, as the register of reviewers keeps them. */
export type Reviewer = z.infer<typeof Reviewer>;

/** Whether somebody holds a licence or a training at a moment; of several of one name, one that has not run out is enough. */
export function holds(list: readonly Qualification[], name: string, now: string): boolean {
  return list.some((held) => held.name === name && (held.until === null || Date.parse(now) < Date.parse(held.until)));
}

/** Whether somebody is away at a moment. */
export function isAway({ away }: Pick<Reviewer, "away">, now: string): boolean {
  if (away === null) return false;
  const at = Date.parse(now);
  return Date.parse(away.from) <= at && at < Date.parse(away.until);
}
