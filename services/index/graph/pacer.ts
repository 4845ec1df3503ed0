/** Yields to the event loop whenever `sliceMs` have passed, so that searches are answered while a graph is built. */
export function createPacer(sliceMs: number): () => Promise<void> | undefined {
  let sliceEnd = performance.now() + sliceMs;
  return () => {
    if (performance.now() < sliceEnd) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        sliceEnd = performance.now() + sliceMs;
        resolve();
      });
    });
  };
}
