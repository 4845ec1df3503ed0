import type { Gateway } from '../data/gateway.ts';

/** Shows a user in readable form: interests and slate. */
export interface Showcase {
  readonly userId: string;
  /** Titles of the medoids, the most important first, with their share of the user's importance. */
  readonly interests: readonly { readonly title: string; readonly share: number; readonly actions: number }[];
  readonly items: readonly { readonly itemId: string; readonly title: string; readonly reason: string }[];
}

const INTERESTS = 5;
const ITEMS = 5;

export async function showUsers(gateway: Gateway, userIds: readonly string[]): Promise<Showcase[]> {
  const users: Showcase[] = [];
  for (const userId of userIds) {
    const [interests, slate] = await Promise.all([
      gateway.interests(userId),
      gateway.recommend(userId, ITEMS, { isProbe: true }),
    ]);
    users.push({
      userId,
      interests: (interests?.medoids ?? [])
        .slice(0, INTERESTS)
        .map(({ title, share, size }) => ({ title, share: Math.round(share * 1000) / 1000, actions: size })),
      items: slate.items.map(({ itemId, title, reason }) => ({ itemId, title, reason })),
    });
  }
  return users;
}

export function renderShowcase({ userId, interests, items }: Showcase): string {
  const lines = interests.map(
    ({ title, share, actions }) =>
      `  ${percent(share).padStart(5)}  ${title} (${actions} ${actions === 1 ? 'action' : 'actions'})`,
  );
  const slate = items.map(({ title, reason }, index) => `  ${index + 1}. ${title} – ${reason}`);
  return [`User ${userId} cares about`, ...orNothing(lines), 'and is shown', ...orNothing(slate)].join('\n');
}

function orNothing(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? ['  nothing yet'] : lines;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
