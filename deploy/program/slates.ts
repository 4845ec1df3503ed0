/** `tributary slates`: one slate, what it earned, and why it was chosen. */
import { Command } from 'commander';
import { DecodeError } from '#contracts/codec.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { RecordTypes, Reward, Slate } from '#contracts/generated/records.ts';
import { CATALOG, qualifiedTopic } from '#topics/catalog.ts';
import { type CommandContext, runCommand } from '#topics/command.ts';
import { clientsOf } from '#topics/commands.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import { parsePosition } from '#topics/positions.ts';
import { readTopic, STOP } from '#topics/reader.ts';
import { readTitles } from '#topics/story/read-story.ts';
import { describeChoice, renderSlate } from './describe-choice.ts';

interface SlateFlags {
  readonly since: string;
  readonly user?: string;
  readonly json?: boolean;
}

export function showSlateCommand(): Command {
  return slateCommand('show', async (context, slateId, flags) => {
    const slate = await findSlate(context, slateId, flags);
    const rewards = await readAll(context, 'rewards', slate.userId, flags.since, (reward) =>
      reward.slateId === slateId ? 'keep' : 'skip',
    );
    if (flags.json) return `${JSON.stringify({ slate, rewards })}\n`;
    return `${renderSlate(slate, rewards as readonly Reward[], await readTitles(clientsOf(context)))}\n`;
  });
}

export function explainSlateCommand(): Command {
  return slateCommand('explain', async (context, slateId, flags) => {
    const slate = await findSlate(context, slateId, flags);
    if (flags.json) return `${JSON.stringify(describeChoice(slate, new Map()).facts)}\n`;
    return `${describeChoice(slate, await readTitles(clientsOf(context))).text}\n`;
  });
}

function slateCommand(
  name: string,
  work: (context: CommandContext, slateId: string, flags: SlateFlags) => Promise<string>,
): Command {
  return new Command(name)
    .argument('<slate>', 'id of the slate, as an answer with recommendations names it')
    .option('--user <id>', 'to whom it was shown; the search then reads one partition')
    .option('--since <position>', 'from where in the log, as in tail', 'beginning')
    .option('--json', 'one JSON object')
    .action((slateId: string, flags: SlateFlags) =>
      runCommand(async (context) => context.write(await work(context, slateId, flags))),
    );
}

/** @throws TributaryError `slate.unknown` */
async function findSlate(
  context: CommandContext,
  slateId: string,
  { since, user }: SlateFlags,
): Promise<Slate> {
  const [slate] = await readAll(context, 'slates', user, since, (candidate) =>
    candidate.slateId === slateId ? 'last' : 'skip',
  );
  if (slate !== undefined) return slate;
  const of = user === undefined ? '' : ` of user ${user}`;
  throw new TributaryError('slate.unknown', `The topic slates has no slate ${slateId}${of} since ${since}.`);
}

async function readAll<T extends 'slates' | 'rewards'>(
  context: CommandContext,
  name: T,
  userId: string | undefined,
  since: string,
  judge: (value: RecordTypes[(typeof CATALOG)[T]['schema']]) => 'keep' | 'last' | 'skip',
): Promise<Array<RecordTypes[(typeof CATALOG)[T]['schema']]>> {
  const { kafka, codec, namespace, signal } = clientsOf(context);
  const { schema, partitions } = CATALOG[name];
  const found: Array<RecordTypes[typeof schema]> = [];
  await readTopic({
    kafka,
    topic: qualifiedTopic(namespace, name),
    from: parsePosition(since, Date.now()),
    signal,
    ...(userId !== undefined && { partitions: [partitionOfKey(userId, partitions)] }),
    onMessage: async ({ value: bytes }) => {
      if (bytes === null) return undefined;
      try {
        const value = await codec.decode(schema, bytes);
        const verdict = judge(value);
        if (verdict !== 'skip') found.push(value);
        return verdict === 'last' ? STOP : undefined;
      } catch (error) {
        if (error instanceof DecodeError) return undefined;
        throw error;
      }
    },
  });
  return found;
}
