/** Consumer groups of one process each, which live for one read and commit nothing. */
import { randomUUID } from 'node:crypto';
import type { Admin } from 'kafkajs';

const PATTERN = /\.(reader|follower)\.[0-9a-f-]{36}$/;

export function passingGroupId(prefix: string, kind: 'reader' | 'follower'): string {
  return `${prefix}.${kind}.${randomUUID()}`;
}

export function isPassingGroup(groupId: string): boolean {
  return PATTERN.test(groupId);
}

/** Removes the group, which would otherwise be listed until the broker forgets it. Where groups may not be deleted, it does. */
export async function deletePassingGroup(admin: Admin, groupId: string): Promise<void> {
  await admin.deleteGroups([groupId]).catch(() => undefined);
}
