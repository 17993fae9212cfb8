/** Works through the items, so many at a time; gives how many a second. */
export async function closedLoop<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<unknown>,
): Promise<number> {
  const left = [...items];
  const start = performance.now();
  const go = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, go));
  return (items.length * 1_000) / (performance.now() - start);
}

/** Begins so many a second, whatever became of those before; gives how long each took since it was due, in milliseconds. */
export async function openLoop<Item>(
  items: readonly Item[],
  perSecond: number,
  work: (item: Item) => Promise<unknown>,
): Promise<number[]> {
  const start = performance.now();
  return Promise.all(
    items.map(async (item, nth) => {
      const due = start + (nth * 1_000) / perSecond;
      await new Promise((next) => void setTimeout(next, due - performance.now()));
      await work(item);
      return performance.now() - due;
    }),
  );
}
