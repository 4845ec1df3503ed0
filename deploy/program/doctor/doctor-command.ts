/** `tributary doctor`: examines the machine, the servers and the stages. It changes nothing. */
import { Command } from 'commander';
import { type CommandContext, runCommand } from '#topics/command.ts';
import { clientsOf } from '#topics/commands.ts';
import { EXIT_CODES } from '#topics/exit-codes.ts';
import { readProgramConfig } from '../config.ts';
import { countDeadLetters } from './dead-letters.ts';
import { type Finding, renderFinding, renderVerdict, skipped } from './finding.ts';
import { examineMachine, examinePorts } from './machine.ts';
import {
  clockFindings,
  deadLetterFindings,
  examineBroker,
  examineLag,
  examineRegistry,
  examineTopics,
  readHttpClock,
  readRedis,
  redisFindings,
} from './servers.ts';
import { examineSight, readStages, stageFindings } from './stages.ts';

interface DoctorFlags {
  readonly json?: boolean;
}

const HELP = `
Examined are versions, native modules, the clocks, Kafka, the Schema Registry, Redis, the topics and schemas, consumer lag, dead
letters, and whether the stages answer and see each other. Nothing is changed. With a fault or a warning the program ends with 3.
`;

export function doctorCommand(): Command {
  return new Command('doctor')
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action((flags: DoctorFlags) => runCommand((context) => examine(context, flags)));
}

async function examine(context: CommandContext, { json }: DoctorFlags): Promise<void> {
  const findings: Finding[] = [];
  const tell = async (found: readonly Finding[]): Promise<void> => {
    findings.push(...found);
    if (!json) await context.write(found.map((finding) => `${renderFinding(finding)}\n`).join(''));
  };
  const config = readProgramConfig();
  const { kafka } = context;
  await tell(await examineMachine());
  if (!config.isDemo) await tell(await examinePorts());
  const [broker, registry, redis] = await Promise.all([
    examineBroker(kafka, config),
    examineRegistry(config),
    readRedis(config),
  ]);
  await tell([broker, registry, ...redisFindings(redis, config.redisUrl)]);
  const clocks = await Promise.all([
    redis instanceof Error ? [] : [{ name: 'redis', theirs: redis.time, ours: Date.now(), precisionMs: 1 }],
    readHttpClock('the registry', config.registryUrl),
    readHttpClock('the gateway', `${new URL(config.stageUrls.gateway!).origin}/healthz`),
  ]);
  await tell(clockFindings(clocks.flat()));
  if (broker.state === 'fault') {
    await tell([skipped('topics, consumer lag and dead letters', 'Kafka does not answer')]);
  } else {
    await tell(await examineTopics(kafka, config));
    await tell(await examineLag(kafka, config));
    if (registry.state === 'ok')
      await tell(deadLetterFindings(await countDeadLetters(clientsOf(context), Date.now())));
  }
  const stages = await readStages(config);
  await tell(stageFindings(stages, config.namespace));
  await tell(await examineSight(config, stages));
  const isWell = findings.every(({ state }) => state === 'ok' || state === 'skipped');
  if (json) {
    const { brokers, namespace, isDemo } = config;
    await context.write(`${JSON.stringify({ isWell, brokers, namespace, isDemo, findings })}\n`);
  } else {
    await context.write(`\n${renderVerdict(findings)}\n`);
  }
  if (!isWell) process.exitCode = EXIT_CODES.findings;
}
