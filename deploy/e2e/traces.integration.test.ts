import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CollectedSpan,
  startTraceCollector,
  type TraceCollector,
} from '#platform/testing/trace-collector.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { localUrl } from '#stages/stages.ts';
import { openPath, type Path } from '../path/path.ts';
import { GENERATION, ITEM_IDS, publishGeneration } from './publish-generation.testing.ts';

const ACTION_TRACE = '0af7651916cd43dd8448eb211c80319c';
const SLATE_TRACE = '1bf7651916cd43dd8448eb211c80319d';
const APP_SPAN = 'b7ad6b7169203331';
const STAGES = ['gateway', 'interests', 'index', 'propose', 'rerank', 'feedback'];

test('one trace leads from the request with an action to the pool of slates, and one from the request for a slate to the log', async () => {
  const collector = await startTraceCollector();
  let path: Path | undefined;
  try {
    path = await openPath(
      STAGES,
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        TRIBUTARY_TRACE_SHARE: '0',
        OTEL_BSP_SCHEDULE_DELAY: '200',
      },
      publishGeneration,
    );
    await generationIsServed(path);
    await post(path, '/v1/actions', { userId: 'u1', itemId: ITEM_IDS[0], type: 'buy' }, ACTION_TRACE);
    await spansOf(collector, ACTION_TRACE, ['actions', 'interests', 'proposals']);
    await get(path, '/v1/recommendations?userId=u1&n=3', SLATE_TRACE);
    await spansOf(collector, SLATE_TRACE, ['slates']);
  } finally {
    await path?.close();
    collector.close();
  }
  const spans = collector.spans.map((span) => ({ ...span, name: withoutNamespace(span.name) }));
  const action = spans.filter(({ traceId }) => traceId === ACTION_TRACE);
  assert.deepEqual(wayTo(action, 'tributary-rerank', 'process proposals'), [
    'gateway: POST /v1/actions',
    'gateway: publish actions',
    'interests: process actions',
    'interests: publish interests',
    'propose: process interests',
    'propose: publish proposals',
    'rerank: process proposals',
  ]);
  const slate = spans.filter(({ traceId }) => traceId === SLATE_TRACE);
  assert.deepEqual(wayTo(slate, 'tributary-feedback', 'process slates'), [
    'gateway: GET /v1/recommendations',
    'rerank: POST /slates',
    'rerank: publish slates',
    'feedback: process slates',
  ]);
  const strangers = spans.filter(({ traceId }) => traceId !== ACTION_TRACE && traceId !== SLATE_TRACE);
  assert.deepEqual(strangers, [], 'with a share of 0 only what an app records is recorded');
});

async function generationIsServed(path: Path): Promise<void> {
  await waitFor(
    async () => {
      const { body } = await path.call('index', 'GET', '/status');
      return (body as { active: { generation: string } | null }).active?.generation === GENERATION;
    },
    { message: 'the generation is served', timeoutMs: 120_000 },
  );
}

async function post(path: Path, route: string, body: unknown, traceId: string): Promise<void> {
  const response = await fetch(`${localUrl(path.stages.ports.gateway!)}${route}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-${APP_SPAN}-01` },
  });
  assert.equal(response.status, 202, await response.text());
}

async function get(path: Path, route: string, traceId: string): Promise<void> {
  const response = await fetch(`${localUrl(path.stages.ports.gateway!)}${route}`, {
    headers: { traceparent: `00-${traceId}-${APP_SPAN}-01` },
  });
  assert.equal(response.status, 200, await response.text());
}

async function spansOf({ spans }: TraceCollector, id: string, topics: readonly string[]): Promise<void> {
  const isThere = (topic: string): boolean =>
    spans.some(({ traceId, name }) => traceId === id && withoutNamespace(name) === `process ${topic}`);
  await waitFor(() => topics.every(isThere), {
    message: `spans of ${topics.join(', ')} in the trace ${id}`,
    timeoutMs: 60_000,
  });
}

/** `publish shop.actions` becomes `publish actions`. */
function withoutNamespace(name: string): string {
  return name.replace(/^(publish|process) .*\./, '$1 ');
}

/** The names of the spans from the one that the app's span caused to the given one, each the child of the one before. */
function wayTo(spans: readonly CollectedSpan[], service: string, name: string): string[] {
  const way: string[] = [];
  let span = spans.find((one) => one.service === service && one.name === name);
  while (span !== undefined) {
    way.unshift(`${span.service.replace('tributary-', '')}: ${span.name}`);
    const parent: string = span.parentSpanId;
    if (parent === APP_SPAN) return way;
    span = spans.find(({ spanId }) => spanId === parent);
  }
  return ['the way does not begin at the app', ...way];
}
