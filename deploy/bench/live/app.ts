import { Agent, request } from 'undici';

/** What an app does: it sends actions and asks for slates, each in a request of its own. */
export interface App {
  /** Sends one action. @returns its offset in the log @throws unless it was accepted */
  act(action: SentAction): Promise<number>;
  /** Sends actions in one request. @throws unless all were accepted */
  actAll(actions: readonly SentAction[]): Promise<void>;
  /** Asks for a slate. @returns the newest action that it reflects @throws unless it is answered with 200 */
  slate(userId: string): Promise<number>;
  close(): Promise<void>;
}

export interface SentAction {
  readonly userId: string;
  readonly itemId: string;
  readonly type: string;
}

export const SLATE_SIZE = 10;
const TIMEOUT_MS = 30_000;

export function openApp(gatewayUrl: string): App {
  const dispatcher = new Agent({ connections: 256, pipelining: 1 });

  async function ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const { statusCode, body: answer } = await request(`${gatewayUrl}${path}`, {
      dispatcher,
      method,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await answer.text();
    if (statusCode >= 300)
      throw new Error(`${method} ${path.split('?')[0]} answered ${statusCode}: ${text.slice(0, 200)}`);
    return JSON.parse(text);
  }

  return {
    async act(action) {
      const { results } = (await ask('POST', '/v1/actions', action)) as { results: { offset: number }[] };
      return results[0]!.offset;
    },
    async actAll(actions) {
      const { rejected } = (await ask('POST', '/v1/actions', actions)) as { rejected: number };
      if (rejected > 0) throw new Error(`${rejected} actions were rejected`);
    },
    async slate(userId) {
      const query = `userId=${encodeURIComponent(userId)}&n=${SLATE_SIZE}`;
      const path = `/v1/recommendations?${query}`;
      const { interestsVersion } = (await ask('GET', path)) as { interestsVersion: number };
      return interestsVersion;
    },
    close: () => dispatcher.close(),
  };
}
