import { readFileSync } from 'node:fs';
import { judge } from '#algorithms/bandit/ope/estimate.ts';
import { type ExpectedRewards, type JudgedSlates, LOOKINGS } from '#algorithms/bandit/ope/judged-slates.ts';
import { nameWinner, refusalOf } from '#algorithms/bandit/ope/winner.ts';
import { createRandom } from '#algorithms/random.ts';
import type { Figures } from '../../figures/figures.ts';
import { SetupError } from '../../local/parts/setup-error.mjs';

/** One slot of a line: probabilities by both policies, and the rewards that a model expects, where there is one. */
interface FileSlot {
  readonly reward: number;
  readonly logged: { readonly slot: number; readonly given: number };
  readonly judged: { readonly slot: number; readonly given: number };
  readonly expected?: { readonly shown: number; readonly slot: number; readonly given: number };
}

/** The log of a file, and the expected rewards if every slot has them. */
export interface FileLog {
  readonly log: JudgedSlates;
  readonly expected: ExpectedRewards | undefined;
}

const REMEDY = 'deploy/evaluate/README.md describes the lines';

/**
 * Reads a log of JSON lines, one a slate: `{"user": "u1", "slots": [{"reward": 0, "logged": {"slot": .2, "given": .2}, "judged": {…}}]}`.
 * @throws SetupError that names the line for anything else
 */
export function readJudgedFile(text: string): FileLog {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const slates = lines.map((line, index) => parseLine(line, index + 1));
  if (slates.length === 0) throw new SetupError('The file has no slate', REMEDY);
  const slots = Math.max(...slates.map((slate) => slate.slots.length));
  const numbers = new Map<string, number>();
  const users = Int32Array.from(slates, ({ user }) => {
    const number = numbers.get(user) ?? numbers.size;
    numbers.set(user, number);
    return number;
  });
  // Shorter slates are filled up: both policies leave the slot empty, and nothing is earned there.
  const column = (of: (slot: FileSlot) => number, filler: number) =>
    Float64Array.from({ length: slates.length * slots }, (_, at) => {
      const slot = slates[Math.floor(at / slots)]!.slots[at % slots];
      return slot === undefined ? filler : of(slot);
    });
  const hasModel = slates.every((slate) => slate.slots.every(({ expected }) => expected !== undefined));
  return {
    log: {
      users,
      slots,
      rewards: column(({ reward }) => reward, 0),
      logged: {
        slot: column(({ logged }) => logged.slot, 1),
        given: column(({ logged }) => logged.given, 1),
      },
      judged: {
        slot: column(({ judged }) => judged.slot, 1),
        given: column(({ judged }) => judged.given, 1),
      },
    },
    expected: hasModel
      ? {
          shown: column(({ expected }) => expected!.shown, 0),
          slot: column(({ expected }) => expected!.slot, 0),
          given: column(({ expected }) => expected!.given, 0),
        }
      : undefined,
  };
}

function parseLine(
  line: string,
  number: number,
): { readonly user: string; readonly slots: readonly FileSlot[] } {
  let parsed: { readonly user?: unknown; readonly slots?: unknown };
  try {
    parsed = JSON.parse(line) as typeof parsed;
  } catch (error) {
    throw new SetupError(`Line ${number} is no JSON: ${(error as Error).message}`, REMEDY);
  }
  const { user, slots } = parsed;
  if (typeof user !== 'string' || user === '')
    throw new SetupError(`Line ${number}: user is no text`, REMEDY);
  if (!Array.isArray(slots) || slots.length === 0)
    throw new SetupError(`Line ${number}: slots has no slot`, REMEDY);
  for (const [index, slot] of (slots as FileSlot[]).entries()) {
    const fault = slotFault(slot);
    if (fault !== undefined) throw new SetupError(`Line ${number}: slots[${index}].${fault}`, REMEDY);
  }
  return { user, slots: slots as FileSlot[] };
}

function slotFault(slot: Partial<FileSlot> | null): string | undefined {
  if (!Number.isFinite(slot?.reward)) return 'reward is no number';
  for (const policy of ['logged', 'judged'] as const) {
    for (const name of ['slot', 'given'] as const) {
      const value = slot?.[policy]?.[name] ?? Number.NaN;
      const isProbability = value >= 0 && value <= 1 && !(policy === 'logged' && value === 0);
      if (!isProbability) return `${policy}.${name} is no probability`;
    }
  }
  const { expected } = slot!;
  if (expected === undefined) return undefined;
  const name = (['shown', 'slot', 'given'] as const).find((one) => !Number.isFinite(expected[one]));
  return name && `expected.${name} is no number`;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new SetupError(`The log ${path} cannot be read: ${reason}`, `Name a file of JSON lines; ${REMEDY}`);
  }
}

/** Judges the policy of a file under each assumption of how people look. */
export function judgeFile(path: string): Figures {
  const { log, expected } = readJudgedFile(textOf(path));
  const method = expected === undefined ? 'self-normalised' : 'doubly-robust';
  const rows = LOOKINGS.map((looking) => {
    const judgement = judge(log, { looking, random: createRandom('file'), ...(expected && { expected }) });
    const { values, looking: _looking, ...support } = judgement;
    const verdict = nameWinner(new Map([['the judged policy', judgement]]), method);
    return {
      looking,
      ...Object.fromEntries([...values].map(([name, { value }]) => [name, value])),
      low: values.get(method)!.low,
      high: values.get(method)!.high,
      lead: values.get(method)!.lead.value,
      leadLow: values.get(method)!.lead.low,
      leadHigh: values.get(method)!.lead.high,
      ...support,
      isKnown: refusalOf(judgement) === undefined,
      verdict: 'winner' in verdict ? 'The judged policy is better than the logged one.' : verdict.refused,
    };
  });
  const logged = log.rewards.reduce((a, b) => a + b, 0) / log.users.length;
  return { rows, logged, slates: log.users.length, users: new Set(log.users).size };
}
