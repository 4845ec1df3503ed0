import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { restoreEnvironment } from '../local/restore-environment.ts';
import type { FaultOutcome } from './command.ts';
import { comesBack, recovered } from './nemesis/recovery.ts';
import { type NemesisWorld, openWorld } from './nemesis/world.ts';
import { optionNumber } from './option-number.ts';
import { readLog } from './read-log.ts';

const COPIES = 2;
const ACTIONS_PER_SECOND = 5;
const SLATES_PER_SECOND = 50;
/** When a request for a slate is answered: the values of TRIBUTARY_RERANK_ANSWERED. */
const SETTINGS = ['logged', 'chosen'] as const;

/** The variables that a world sets. */
const CHANGED = ['TRIBUTARY_RERANK_ANSWERED', 'KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'REDIS_URL'];

/** The requests for slates of a time. */
interface Answers {
  /** Answered with a slate. */
  readonly answered: number;
  /** Without a slate. */
  readonly failed: number;
  /** Answered with a slate that the log lacks at the end. */
  readonly unlogged: number;
}

/**
 * Asks for 50 slates a second while processes of rerank are killed, `--kills` of them, and then while the only broker is away for `--away` seconds; once
 * with slates that are answered when they are logged, of which the log may lack none, and once when they are chosen, where no request may fail while the
 * broker is away.
 */
export async function run(args: readonly string[]): Promise<FaultOutcome> {
  const options = {
    kills: { type: 'string', default: '10' },
    away: { type: 'string', default: '20' },
    seed: { type: 'string', default: '7' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const kills = optionNumber('kills', values.kills);
  const awaySeconds = optionNumber('away', values.away);
  const before = { ...process.env };
  const figures: Record<string, { kills: Answers; away: Answers }> = {};
  try {
    for (const setting of SETTINGS) {
      console.error(`  slates are answered once they are ${setting} …`);
      process.env.TRIBUTARY_RERANK_ANSWERED = setting;
      figures[setting] = await hurt(values.seed, kills, awaySeconds);
      // The next world has servers of its own.
      restoreEnvironment(CHANGED, before);
    }
  } finally {
    restoreEnvironment(CHANGED, before);
  }
  const { logged, chosen } = figures;
  return {
    figures: { kills, awaySeconds, ...figures },
    isPassed: logged!.kills.unlogged + logged!.away.unlogged === 0 && chosen!.away.failed === 0,
  };
}

async function hurt(seed: string, kills: number, awaySeconds: number) {
  const world = await openWorld({
    seed,
    copies: COPIES,
    actionsPerSecond: ACTIONS_PER_SECOND,
    slatesPerSecond: SLATES_PER_SECOND,
    onCrash: (name, reason) => console.error(`  ${name}: ${reason}`),
  });
  try {
    await recovered(world, 'before');
    const killing = await during(world, async () => {
      for (let kill = 0; kill < kills; kill++) await killOne(world, `rerank-${(kill % COPIES) + 1}`);
    });
    await recovered(world, 'between');
    const away = await during(world, async () => {
      const broker = world.servers.kafka.process(0)!;
      broker.kill('SIGKILL');
      await broker.exited;
      await delay(awaySeconds * 1_000);
      await world.servers.kafka.restart(0);
    });
    await recovered(world, 'after');
    await world.load.stop();
    const slates = await readLog(world.namespace, 'slates');
    const inLog = new Set(slates.map(({ value }) => value?.slateId));
    return { kills: answersOf(killing, inLog), away: answersOf(away, inLog) };
  } finally {
    await world.close();
  }
}

interface Asked {
  readonly slateIds: readonly string[];
  readonly failed: number;
}

async function during({ load }: NemesisWorld, work: () => Promise<void>): Promise<Asked> {
  const [answered, failed] = [load.answered.length, load.counts.failedSlates];
  await work();
  const slateIds = load.answered.slice(answered).map(({ slateId }) => slateId);
  return { slateIds, failed: load.counts.failedSlates - failed };
}

function answersOf({ slateIds, failed }: Asked, inLog: ReadonlySet<string | undefined>): Answers {
  const unlogged = slateIds.filter((slateId) => !inLog.has(slateId)).length;
  return { answered: slateIds.length, failed, unlogged };
}

/** Resolves when the process is back. */
async function killOne({ fleet }: NemesisWorld, name: string): Promise<void> {
  const pid = fleet.pidOf(name);
  fleet.signal(name, 'SIGKILL');
  await fleet.ended(name);
  await comesBack(fleet, name, pid);
}
