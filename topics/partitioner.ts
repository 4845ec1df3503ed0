/** Which partition a key belongs to, as every client of the log computes it. */
import { Partitioners } from 'kafkajs';

/** Partition of a key among `partitionCount`, by murmur2 like the Java client. */
export function partitionOfKey(key: string | Buffer, partitionCount: number): number {
  const partitionMetadata = Array.from({ length: partitionCount }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 0,
    replicas: [0],
    isr: [0],
  }));
  return Partitioners.DefaultPartitioner()({
    topic: '',
    partitionMetadata,
    message: { key, value: null },
  });
}
