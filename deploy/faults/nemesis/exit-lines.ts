const ERROR_LEVEL = 50;
const MOST_ERRORS = 4;
const MOST_LINES = 12;
const LONGEST_LINE = 2_000;

/** The lines of a log that tell why its process ended: the last errors, and after them the last lines of all. */
export function exitLines(log: string): string[] {
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  const last = new Set(lines.slice(-MOST_LINES));
  const errors = lines.filter((line) => isError(line) && !last.has(line)).slice(-MOST_ERRORS);
  return [...errors, ...last].map((line) =>
    line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line,
  );
}

function isError(line: string): boolean {
  try {
    return JSON.parse(line).level >= ERROR_LEVEL;
  } catch {
    return false;
  }
}
