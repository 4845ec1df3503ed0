import type { IHeaders, Producer } from 'kafkajs';
import type { Parcel } from './lanes.ts';

/**
 * Sends one request with the parts of several partitions of one topic.
 * @returns for each part the offset of its first message; undefined if the answer does not confirm its partition
 * @throws whatever kafkajs throws: no part is known to be in the log
 */
export async function writeParcels(
  producer: Producer,
  parcels: readonly Parcel[],
): Promise<ReadonlyArray<number | undefined>> {
  const answers = await producer.send({
    topic: parcels[0]!.lane.topic,
    acks: -1,
    messages: parcels.flatMap(({ lane: { partition }, messages }) =>
      messages.map(({ message: { key, value, headers, timestamp } }) => ({
        partition,
        key,
        value,
        ...(headers === undefined ? {} : { headers: headers as IHeaders }),
        ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
      })),
    ),
  });
  return parcels.map(({ lane: { partition } }) => {
    const answer = answers.find((one) => one.partition === partition);
    return answer?.baseOffset === undefined || answer.errorCode !== 0 ? undefined : Number(answer.baseOffset);
  });
}
