import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type StageProcess, startStageProcess } from '#platform/testing/stage-process.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';

/** The gateway as a process, in a namespace of its own, with one server that stands for all other stages. */
export interface GatewayBesidePeers {
  readonly test: TestNamespace;
  readonly stage: StageProcess;
  close(): Promise<void>;
}

/** Status and body of an answer of another stage. */
export type PeerAnswer = readonly [status: number, body: object];

/**
 * @param answerOf returns what the other stages answer to a request
 * @param settings of the gateway, beside the addresses of the other stages
 */
export async function openGatewayBesidePeers(
  answerOf: (url: string, request: IncomingMessage) => PeerAnswer,
  settings: Readonly<Record<string, string>> = {},
): Promise<GatewayBesidePeers> {
  const test = await openTestNamespace();
  await test.apply();
  const peers = createServer((request, response) => {
    const [status, body] = answerOf(request.url ?? '', request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => peers.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(peers.address() as AddressInfo).port}`;
  const stage = await startStageProcess('gateway', {
    TRIBUTARY_NAMESPACE: test.namespace,
    TRIBUTARY_RERANK_URL: address,
    TRIBUTARY_INTERESTS_URL: address,
    TRIBUTARY_INDEX_URL: address,
    ...settings,
  });
  return {
    test,
    stage,
    async close() {
      await stage.stop();
      peers.closeAllConnections();
      peers.close();
      await test.close();
    },
  };
}
