import type { Redis } from 'ioredis';

/** Users of one page. */
const PAGE = 200;

/**
 * Deletes what the version of this code that wrote each window whole held of a partition, the head first. The partition
 * is then built from the log; a process of that version that still runs finds its head gone, and stops writing.
 * @returns number of deleted records
 */
export async function deleteFormerRecords(
  redis: Redis,
  key: (...parts: string[]) => string,
  partition: number,
): Promise<number> {
  const users = key('interests', 'partition', String(partition), 'users');
  await redis.unlink(key('interests', 'partition', String(partition), 'stream'));
  let deleted = 0;
  for await (const page of redis.sscanStream(users, { count: PAGE })) {
    const keys = (page as string[]).map((userId) => key('interests', 'user', userId));
    if (keys.length > 0) deleted += await redis.unlink(...keys);
  }
  await redis.unlink(users);
  return deleted;
}
