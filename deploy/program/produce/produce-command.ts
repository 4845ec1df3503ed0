/** `tributary produce`: messages from JSON lines. */
import { createReadStream, existsSync } from 'node:fs';
import { Command } from 'commander';
import { TributaryError } from '#contracts/errors.ts';
import { faultSentence } from '#contracts/fault.ts';
import { createProducer } from '#platform/kafka/producer.ts';
import { createMetrics } from '#platform/observability/metrics.ts';
import { CATALOG, TOPICS, type TopicName } from '#topics/catalog.ts';
import { type CommandContext, runCommand } from '#topics/command.ts';
import { topicName } from '#topics/command-line.ts';
import { clientsOf } from '#topics/commands.ts';
import { EXIT_CODES } from '#topics/exit-codes.ts';
import { type ProducedLine, produceLines } from './produce-lines.ts';

interface ProduceFlags {
  readonly file?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const HELP = `
Each line is a message as \`tail --json\` prints it, or a record by itself, for which the topic must be named:
  echo '{"userId":"900","itemId":"7","type":"view"}' | tributary produce actions
  tributary tail actions --from -1h --json | TRIBUTARY_NAMESPACE=copy tributary produce
  tributary produce --file messages.jsonl --dry-run

A line is checked against the schema of its topic and by the rules of the stages. A rejected line is named on standard error,
and the lines around it are written; the program then ends with 3. The key decides the partition; bytes are base64.
`;

export function produceCommand(): Command {
  return new Command('produce')
    .argument('[topic]', 'the topic of records by themselves; messages name their own', topicName)
    .option('--file <path>', 'read this file instead of standard input')
    .option('--dry-run', 'check the lines and write nothing')
    .option('--json', 'one JSON object a line, with its verdict')
    .addHelpText('after', HELP)
    .action((topic: TopicName | undefined, flags: ProduceFlags) =>
      runCommand((context) => produce(context, topic, flags)),
    );
}

async function produce(
  context: CommandContext,
  topic: TopicName | undefined,
  flags: ProduceFlags,
): Promise<void> {
  const { codec, namespace } = clientsOf(context);
  if (flags.file !== undefined && !existsSync(flags.file))
    throw new TributaryError('topics.option', `produce: there is no file ${flags.file}: check the path.`);
  if (flags.file === undefined && process.stdin.isTTY)
    throw new TributaryError(
      'topics.option',
      'produce: write the lines to standard input, or name a file with --file.',
    );
  await codec.prepare(topic === undefined ? TOPICS.map(({ schema }) => schema) : [CATALOG[topic].schema]);
  const producer = flags.dryRun
    ? undefined
    : await createProducer({ kafka: context.kafka, metrics: createMetrics('tributary') });
  const source = flags.file === undefined ? process.stdin : createReadStream(flags.file);
  context.signal.addEventListener('abort', () => source.destroy());
  try {
    const { written, rejected } = await produceLines({
      source: source as AsyncIterable<Buffer>,
      topic,
      codec,
      namespace,
      producer,
      now: Date.now,
      report: (line) => report(context, line, flags),
    });
    const verb = flags.dryRun ? 'valid' : 'written';
    process.stderr.write(
      `${written} message${written === 1 ? '' : 's'} ${verb}, ${rejected} line${rejected === 1 ? '' : 's'} rejected.\n`,
    );
    if (rejected > 0) process.exitCode = EXIT_CODES.findings;
  } finally {
    await producer?.close();
  }
}

async function report({ write }: CommandContext, line: ProducedLine, { json }: ProduceFlags): Promise<void> {
  if (json) await write(`${JSON.stringify(line)}\n`);
  else if (line.status === 'rejected')
    process.stderr.write(`line ${line.line}: ${line.error.code}: ${faultSentence(line.error)}.\n`);
}
