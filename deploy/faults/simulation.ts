import { parseArgs } from 'node:util';
import { SetupError } from '../local/parts/setup-error.mjs';
import type { FaultOutcome } from './command.ts';
import { optionNumber } from './option-number.ts';
import { SCENARIOS } from './simulation/scenarios.ts';
import { simulate } from './simulation/simulate.ts';

const LINES_SHOWN = 5;

/** Runs `--seeds` seeds of each scenario, from `--from` on, or those of one `--scenario` alone. */
export async function run(args: readonly string[]): Promise<FaultOutcome> {
  const options = {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '0' },
    scenario: { type: 'string' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const count = optionNumber('seeds', values.seeds);
  const from = optionNumber('from', values.from, 0);
  const chosen = SCENARIOS.filter(({ name }) => name === (values.scenario ?? name));
  if (chosen.length === 0) {
    const known = SCENARIOS.map(({ name }) => name).join(', ');
    throw new SetupError(`There is no scenario "${values.scenario}"`, `The scenarios are ${known}`);
  }
  const started = process.hrtime.bigint();
  /** Seeds with differences, by scenario. */
  const found: Record<string, number[]> = {};
  let differences = 0;
  let events = 0;
  for (const scenario of chosen) {
    const seeds: number[] = [];
    for (let seed = from; seed < from + count; seed++) {
      const result = await simulate(scenario, seed);
      events += result.events;
      differences += result.differences.length;
      if (result.differences.length === 0) continue;
      seeds.push(seed);
      console.error(`  ✗ ${scenario.name}, seed ${seed}`);
      for (const line of result.differences.slice(0, LINES_SHOWN)) console.error(`      ${line}`);
    }
    if (seeds.length > 0) found[scenario.name] = seeds;
    console.error(`  ${scenario.name}: ${count} seeds, ${seeds.length} of them with differences`);
  }
  const seconds = Math.round(Number(process.hrtime.bigint() - started) / 1e8) / 10;
  return {
    figures: { seeds: count * chosen.length, differences, seconds, events, found },
    isPassed: differences === 0,
  };
}
