/**
 * Prints one line per part on standard error and, on a terminal, a transient line that names the parts in progress.
 * With `quiet`, parts that were ready are not printed.
 */
export function createProgress({ stream, quiet }) {
  const working = new Map();
  let ticking;
  let drawn = false;

  const erase = () => {
    if (drawn) stream.write('\r\x1b[2K');
    drawn = false;
  };
  const tick = () => {
    const names = [...working].map(([name, since]) => `${name} ${Math.round((Date.now() - since) / 1000)} s`);
    erase();
    stream.write(`  … ${names.join(', ')}`);
    drawn = true;
  };

  return {
    begin(name) {
      working.set(name, Date.now());
      if (stream.isTTY) ticking ??= setInterval(tick, 500).unref();
    },

    /** @param {{ name: string, does: string }} part @param {string} [status] printed instead of the seconds */
    end(part, status) {
      const seconds = (Date.now() - (working.get(part.name) ?? Date.now())) / 1000;
      working.delete(part.name);
      erase();
      if (!quiet || status === undefined) {
        stream.write(
          `  ${part.name.padEnd(20)} ${part.does.padEnd(42)} ${status ?? `${seconds.toFixed(1)} s`}\n`,
        );
      }
      if (working.size === 0) this.stop();
    },

    stop() {
      clearInterval(ticking);
      ticking = undefined;
      erase();
    },
  };
}
