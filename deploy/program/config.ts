/** Where the program finds the servers and the stages. Only this file of the folder reads environment variables. */
import { TributaryError } from '#contracts/errors.ts';
import { defaultUrl, STAGES, urlVariable } from '#stages/stages.ts';
import { readTopicsConfig, runningDemo, type TopicsConfig } from '#topics/config.ts';

export interface ProgramConfig extends TopicsConfig {
  readonly redisUrl: string;
  /** Base address of each stage, by its name; of several shards of the index the first. */
  readonly stageUrls: Readonly<Record<string, string>>;
  /** Whether the addresses are those of a running demo. */
  readonly isDemo: boolean;
}

/**
 * Returns the addresses of the environment, else those of a running demo, else those of this machine.
 * @throws TributaryError `topics.option` for an address of a wrong form
 */
export function readProgramConfig(environment: NodeJS.ProcessEnv = process.env): ProgramConfig {
  const demo = environment.KAFKA_BROKERS ? {} : runningDemo(environment);
  const address = (name: string, otherwise: string): string => {
    const url = (environment[name] || demo[name] || otherwise).split(',')[0]!.trim();
    if (URL.canParse(url)) return url;
    throw new TributaryError('topics.option', `${name}: write a URL such as ${otherwise}.`);
  };
  return {
    ...readTopicsConfig(environment),
    redisUrl: address('REDIS_URL', 'redis://127.0.0.1:6379'),
    stageUrls: Object.fromEntries(
      Object.values(STAGES).map((row) => [row.name, address(urlVariable(row.name), defaultUrl(row))]),
    ),
    isDemo: Object.keys(demo).length > 0,
  };
}
