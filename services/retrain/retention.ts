import kafkajs, { type Kafka } from 'kafkajs';
import { reasonOf } from '#contracts/errors.ts';
import { withAdmin } from '#topics/connection.ts';

const MS_PER_DAY = 86_400_000;

/** How far back a training was to reach, and how far the log reaches; a part of the model card. */
export interface History {
  /** Days of event time that the training was to cover. */
  readonly days: number;
  /** Retention of `actions` in days; null where it is unlimited or not known. */
  readonly retentionDays: number | null;
}

/** Returns the retention of a topic in days: null where it is unlimited. @throws where the broker does not tell */
export async function readRetentionDays(kafka: Kafka, topic: string): Promise<number | null> {
  const { resources } = await withAdmin(kafka, (admin) =>
    admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] }],
    }),
  );
  const retentionMs = Number(resources[0]?.configEntries[0]?.configValue);
  return retentionMs > 0 ? retentionMs / MS_PER_DAY : null;
}

/** The sentence to log where the log keeps less than the training asks for; undefined where it keeps enough. */
export function retentionWarning({ days, retentionDays }: History): string | undefined {
  if (retentionDays === null || retentionDays >= days) return undefined;
  return (
    `The topic actions keeps ${retentionDays} days, so that a training covers these and not the ${days} of ` +
    `TRIBUTARY_RETRAIN_DAYS: lengthen the retention (npm run topics -- apply --retention actions=${days}) or lower the setting`
  );
}

/** Reads the history and logs a warning where it is short. A broker that does not tell is no reason not to train. */
export async function readHistory(
  days: number,
  retentionDays: () => Promise<number | null>,
  warn: (message: string) => void,
): Promise<History> {
  try {
    const history = { days, retentionDays: await retentionDays() };
    const warning = retentionWarning(history);
    if (warning !== undefined) warn(warning);
    return history;
  } catch (error) {
    warn(`The retention of actions is not known: ${reasonOf(error)}`);
    return { days, retentionDays: null };
  }
}
