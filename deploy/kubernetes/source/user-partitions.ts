/** The number of partitions of the topics keyed by user, which the Job that creates them, their custom resources and the scalers repeat. */
import { CATALOG, type TopicName, USER_PARTITIONS } from '#topics/catalog.ts';
import { Value } from './manifest.ts';

/** Its path in the chart's values. */
export const USER_PARTITIONS_PATH = 'topics.userPartitions';

/** The option of `topics apply` that the number follows. */
export const USER_PARTITIONS_OPTION = '--user-partitions';

/** The number where it is a number. */
export function userPartitions(): Value {
  return new Value(USER_PARTITIONS_PATH, USER_PARTITIONS);
}

/** The number where it is a text, as in the arguments of a container. */
export function userPartitionsText(): Value {
  return new Value(USER_PARTITIONS_PATH, String(USER_PARTITIONS));
}

export function isKeyedByUser(topic: TopicName): boolean {
  return CATALOG[topic].key === 'userId';
}
