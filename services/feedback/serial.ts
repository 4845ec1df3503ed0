/** Runs the tasks of a lane one after another, in the order of submission; lanes are independent. */
export type Serial = (lane: number, task: () => Promise<void>) => Promise<void>;

export function createSerial(): Serial {
  const tails = new Map<number, Promise<unknown>>();
  return (lane, task) => {
    const result = (tails.get(lane) ?? Promise.resolve()).then(task);
    // The lane continues after a failure, which the caller that awaits the result handles.
    tails.set(
      lane,
      result.catch(() => undefined),
    );
    return result;
  };
}
