import { type Progress, showProgress } from '../data/progress.ts';

/** Tells whoever watches what happens, and how long each phase took. */
export interface Narrator {
  /** Ends the phase before and begins one. */
  phase(name: string, title: string): void;
  /** Ends the last phase. */
  end(): void;
  say(line: string): void;
  progress(title: string, total: number): Progress;
  /** Seconds by the name of the phase, of those that have ended. */
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
