import { type Progress, showProgress } from '../data/progress.ts';

/** Prints the phases of the demo, and the duration of each. */
export interface Narrator {
  /** Ends the previous phase and begins the next one. */
  phase(name: string, title: string): void;
  /** Ends the last phase. */
  end(): void;
  say(line: string): void;
  progress(title: string, total: number): Progress;
  /** Seconds of each finished phase by its name. */
  readonly seconds: Readonly<Record<string, number>>;
}

export function createNarrator(stream: NodeJS.WriteStream, now: () => number): Narrator {
  const seconds: Record<string, number> = {};
  let current: { readonly name: string; readonly since: number } | undefined;
  const end = () => {
    if (current !== undefined) seconds[current.name] = Math.round((now() - current.since) / 100) / 10;
    current = undefined;
  };
  return {
    seconds,
    end,
    phase(name, title) {
      end();
      current = { name, since: now() };
      stream.write(`\n▶ ${title}\n`);
    },
    say: (line) => void stream.write(`  ${line.replaceAll('\n', '\n  ')}\n`),
    progress: (title, total) => showProgress(title, total, stream),
  };
}
