/** Consumer groups that exist for one read of one process and commit nothing. */
import { randomUUID } from 'node:crypto';
import type { Admin } from 'kafkajs';

const PATTERN = /\.(reader|follower)\.[0-9a-f-]{36}$/;

export function passingGroupId(prefix: string, kind: 'reader' | 'follower'): string {
  return `${prefix}.${kind}.${randomUUID()}`;
}

export function isPassingGroup(groupId: string): boolean {
  return PATTERN.test(groupId);
}

/** Deletes the group. If this fails, the group stays listed until the broker expires it. */
export async function deletePassingGroup(admin: Admin, groupId: string): Promise<void> {
  await admin.deleteGroups([groupId]).catch(() => undefined);
}
