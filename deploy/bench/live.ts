import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { localUrl } from '#stages/stages.ts';
import type { Figures } from '../figures/figures.ts';
import { SetupError } from '../local/parts/setup-error.mjs';
import { measureEmptyHops } from './live/empty-hops.ts';
import { GROWING_WORLDS, measureGrowth, type WorldSize } from './live/growth.ts';
import { keepRow } from './live/kept-rows.ts';
import { measurePeriods } from './live/periods.ts';
import { onWorld, type RunningWorld, realWorld } from './live/world.ts';
import { readRealWindows } from './windows.ts';

/** What a rate has to hold, ms. */
const P99_LIMIT_MS = 250;
/** Longest load in a world of those that grow; there are three of them, and each has to be set up. */
const GROWTH_SECONDS = 20;
const PARTS = ['backlog', 'rates', 'slates', 'mix', 'ingest', 'growth'] as const;
type Part = (typeof PARTS)[number];

/**
 * The path from an action to a slate under single actions of random users, as apps send them: 20,000 users with the windows
 * of completejourney's households, and all stages, servers and the load on this machine. At each rate: the time from the
 * gateway's 202 to a slate that reflects the action, and the processor time of each process. Then slates alone, slates
 * and actions together, how many actions the gateway takes, and the same loads with more users and more items.
 */
export async function measure(options: Readonly<Record<string, string | undefined>>): Promise<Figures> {
  const seconds = positive('seconds', options.seconds ?? '60');
  const rates = (options.rates ?? '50,200,500,1000').split(',').map((rate) => positive('rates', rate));
  const users = positive('users', options.users ?? '20000');
  const worlds = worldsOf(options.worlds);
  const holdSeconds = options.hold === undefined ? 0 : positive('hold', options.hold);
  const parts = partsOf(options.parts);
  const real = await readRealWindows();
  // The stages inherit the environment, and this setting decides what a slate waits for.
  const setting = { users, seconds, answered: process.env.TRIBUTARY_RERANK_ANSWERED ?? 'logged' };
  const onReal = PARTS.some((part) => part !== 'growth' && parts.has(part));
  const figures = onReal
    ? await onWorld(await realWorld(real, users), (running) =>
        measureParts(running, { parts, rates, seconds, holdSeconds }),
      )
    : {};
  const growth = parts.has('growth')
    ? await measureGrowth(real, Math.min(GROWTH_SECONDS, seconds), worlds)
    : [];
  return { ...figures, growth, setting };
}

interface Periods {
  readonly parts: ReadonlySet<Part>;
  readonly rates: readonly number[];
  readonly seconds: number;
  readonly holdSeconds: number;
}

async function measureParts(
  running: RunningWorld,
  { parts, rates, seconds, holdSeconds }: Periods,
): Promise<Figures> {
  const { path, servers, app, world } = running;
  const periods = measurePeriods(path, servers, app, world.crowd);
  const backlog = parts.has('backlog') ? await periods.backlog() : undefined;
  await periods.settle();
  const rows = [];
  for (const rate of parts.has('rates') ? rates : []) {
    const row = await periods.actions(rate, seconds);
    keepRow('rates', row);
    rows.push(row);
  }
  const held = rows.filter(({ p99, timedOut, sent }) => p99 <= P99_LIMIT_MS && timedOut === 0 && sent > 0);
  const fastest = Math.max(...rates);
  const figures = {
    items: world.itemIds.length,
    rates: rows,
    highestRate: Math.max(0, ...held.map(({ rate }) => rate)),
    ...(parts.has('slates') && { slates: await kept('slates', periods.slates(seconds)) }),
    ...(parts.has('mix') && { mix: await kept('mix', periods.mix(seconds)) }),
    ...(parts.has('ingest') && { ingest: await kept('ingest', periods.ingest(seconds)) }),
    ...(backlog && { backlog }),
    ...(parts.has('rates') && {
      emptyHops: await kept(
        'emptyHops',
        measureEmptyHops(path.namespace.kafka, fastest, Math.min(20, seconds)),
      ),
    }),
  };
  if (holdSeconds > 0) await hold(running, holdSeconds);
  return figures;
}

async function kept<F extends Figures>(part: string, measured: Promise<F>): Promise<F> {
  const row = await measured;
  keepRow(part, row);
  return row;
}

/** Leaves all running, so that another load generator can be compared on the same world. */
async function hold({ path, world: { crowd, itemIds } }: RunningWorld, seconds: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-bench-hold-'));
  writeFileSync(join(directory, 'users.json'), JSON.stringify(crowd.userIds));
  writeFileSync(join(directory, 'items.json'), JSON.stringify(itemIds));
  const gateway = localUrl(path.stages.ports.gateway!);
  console.error(`  holding for ${seconds} s: gateway ${gateway}, users.json and items.json in ${directory}`);
  await delay(seconds * 1_000);
  rmSync(directory, { recursive: true, force: true });
}

function partsOf(text: string | undefined): ReadonlySet<Part> {
  if (text === undefined) return new Set(PARTS);
  const names = text.split(',');
  const unknown = names.find((name) => !PARTS.includes(name as Part));
  if (unknown !== undefined) throw invalid('parts', unknown, `one of ${PARTS.join(', ')}`);
  return new Set(names as Part[]);
}

/** Such as `1000x10000,1000000x10000`: users and items. */
function worldsOf(text: string | undefined): readonly WorldSize[] {
  if (text === undefined) return GROWING_WORLDS;
  return text.split(',').map((world) => {
    const [users = 0, items = 0] = /^\d+x\d+$/.test(world) ? world.split('x').map(Number) : [];
    if (users < 1_000 || items < 1_000)
      throw invalid('worlds', world, 'users and items, at least 1000x1000, such as 1000x10000');
    return { users, items };
  });
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw invalid(option, text, 'a positive number');
}

function invalid(option: string, text: string, expected: string): SetupError {
  return new SetupError(`--${option} must be ${expected}, not "${text}"`, 'Correct the option');
}
