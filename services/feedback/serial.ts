/** Runs tasks of one lane one after another, in the order they were given; lanes are independent. */
export type Serial = (lane: number, task: () => Promise<void>) => Promise<void>;

export function createSerial(): Serial {
  const tails = new Map<number, Promise<unknown>>();
  return (lane, task) => {
    const result = (tails.get(lane) ?? Promise.resolve()).then(task);
    // The lane goes on after a failure, which is the business of whoever awaits the result.
    tails.set(
      lane,
      result.catch(() => undefined),
    );
    return result;
  };
}
