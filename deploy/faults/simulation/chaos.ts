import type { Random } from '#algorithms/random.ts';
import type { KeyValues } from '../stores/key-values.ts';
import { NO_FAULTS } from './process.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

/** Faults a minute, on average. */
const FAULTS_A_MINUTE = 10;
const MINUTE = 60_000;

interface Fault {
  readonly weight: number;
  readonly run: () => void;
}

/** Plans the faults of a run; after `until` there are none, and no process is stopped. */
export function planFaults(world: World, scenario: Scenario, random: Random, until: number): void {
  const { scheduler } = world;
  const copies: KeyValues[] = [];
  const anyProcess = (): number => random.integer(world.processes.length);
  const nameOf = (index: number): string => world.processes[index]!.name;
  const faults: Fault[] = [
    {
      weight: 4,
      run: () => world.kill(anyProcess(), 'killed'),
    },
    {
      weight: 1,
      run() {
        const index = anyProcess();
        world.tell(`${nameOf(index)} is told to stop`);
        world.restart(index);
      },
    },
    {
      // Beyond the session, another process owns the partitions meanwhile, and this one goes on where it was.
      weight: 3,
      run() {
        const index = anyProcess();
        const ms = [300, 5_000, 15_000, 40_000][random.integer(4)]!;
        const process = world.processes[index]!;
        world.tell(`${process.name} stands still for ${ms} ms`);
        process.frozenUntil = Math.min(scheduler.now + ms, until);
      },
    },
    {
      weight: 2,
      run() {
        world.tell('the store is emptied');
        world.values.clear();
        if (random.next() < 0.5) world.reconnect();
      },
    },
    {
      weight: 2,
      run() {
        const copy = copies[random.integer(Math.max(1, copies.length))];
        if (copy === undefined) return;
        world.tell('the store is restored from an older copy');
        world.values.restore(copy);
        // Another server holds the copy, so that every client connects anew.
        world.reconnect();
      },
    },
    {
      weight: 2,
      run() {
        const share = 0.05 * random.next();
        const ms = 5_000 * random.next();
        world.tell(`requests fail for ${ms.toFixed(0)} ms`);
        world.faults = { before: share, after: share, twice: share };
        scheduler.after(ms, () => (world.faults = NO_FAULTS), null);
      },
    },
    {
      weight: scenario.clockShiftMs > 0 ? 1 : 0,
      run() {
        const index = anyProcess();
        const shift = Math.round((2 * random.next() - 1) * scenario.clockShiftMs);
        world.tell(`the clock of ${nameOf(index)} is ${shift} ms ahead`);
        world.processes[index]!.clockShift = shift;
      },
    },
    {
      weight: scenario.anew.length > 0 ? 1 : 0,
      run() {
        world.tell(`${scenario.anew.join(' and ')} are made anew`);
        for (const topic of scenario.anew) world.makeAnew(topic);
      },
    },
  ];
  for (let at = scheduler.now; at < until; at += 5_000 * random.next())
    scheduler.after(at - scheduler.now, () => copies.push(world.values.copy()), null);
  const count = Math.round(((until - scheduler.now) / MINUTE) * FAULTS_A_MINUTE * 2 * random.next());
  for (let i = 0; i < count; i++) {
    const { run } = pick(faults, random);
    scheduler.after((until - scheduler.now) * random.next(), run, null);
  }
  scheduler.after(
    until - scheduler.now,
    () => {
      world.tell('calm');
      world.faults = NO_FAULTS;
      for (const process of world.processes) process.clockShift = 0;
    },
    null,
  );
}

function pick(faults: readonly Fault[], random: Random): Fault {
  let rest = random.next() * faults.reduce((sum, { weight }) => sum + weight, 0);
  for (const fault of faults) {
    rest -= fault.weight;
    if (rest < 0) return fault;
  }
  return faults[0]!;
}
