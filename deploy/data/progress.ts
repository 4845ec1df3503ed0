import { SingleBar } from 'cli-progress';

export interface Progress {
  /** @param done of the total, increasing */
  update(done: number): void;
  stop(): void;
}

/** Shows a bar on a terminal, and one line per tenth elsewhere. */
export function showProgress(
  title: string,
  total: number,
  stream: NodeJS.WriteStream = process.stderr,
): Progress {
  return stream.isTTY
    ? showBar(title, total, stream)
    : printTenths(title, total, (line) => stream.write(line));
}

function showBar(title: string, total: number, stream: NodeJS.WriteStream): Progress {
  const format = `  ${title.padEnd(20)} {bar} {value}/{total}, {eta_formatted} left`;
  const bar = new SingleBar({
    format,
    stream,
    hideCursor: true,
    clearOnComplete: true,
    barsize: 30,
    etaBuffer: 200,
  });
  bar.start(total, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}

export function printTenths(title: string, total: number, write: (line: string) => void): Progress {
  let printed = 0;
  return {
    update(done) {
      const tenth = total === 0 ? 10 : Math.floor((done / total) * 10);
      if (tenth <= printed) return;
      printed = tenth;
      write(`  ${title}: ${done} of ${total} (${tenth * 10} %)\n`);
    },
    stop() {},
  };
}
