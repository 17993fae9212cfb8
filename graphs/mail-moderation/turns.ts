/** The last piece of work asked for, by what it works on. */
const turns = new Map<string, Promise<unknown>>();

/**
 * Runs pieces of work on the same thing one after another within this process, in the order asked for. One that fails
 * does not stop the next.
 *
 * @param thing What is worked on, such as a path.
 */
export function inTurn<T>(thing: string, work: () => Promise<T>): Promise<T> {
  const before = turns.get(thing) ?? Promise.resolve();
  const mine = before.then(work, work);
  turns.set(thing, mine);
  const forget = (): void => {
    if (turns.get(thing) === mine) turns.delete(thing);
  };
  mine.then(forget, forget);
  return mine;
}
