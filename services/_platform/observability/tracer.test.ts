import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { startTraceCollector, type TraceCollector } from '../testing/trace-collector.ts';
import { parseTrace } from './trace.ts';
import { createTracer, type Tracer, traced } from './tracer.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const NOT_RECORDED = `${PARENT.slice(0, -2)}00`;

describe('a tracer', () => {
  let collector: TraceCollector;
  let outcomes: string[];

  beforeEach(async () => {
    collector = await startTraceCollector();
    outcomes = [];
  });
  afterEach(() => collector.close());

  const open = (share = 1): Promise<Tracer> =>
    createTracer({
      stage: 'gateway',
      namespace: 'shop',
      url: `${collector.url}/`,
      share,
      onExport: (outcome, spans) => outcomes.push(`${spans} ${outcome}`),
    });

  it('exports a span as a child of the trace that caused it, and hands its own context on', async () => {
    const tracer = await open();
    const span = tracer.begin('POST /v1/actions', 'server', PARENT);
    const child = tracer.continue('publish actions', 'producer', span.trace);
    child?.end();
    span.end();
    await tracer.close();
    const { traceId, spanId } = parseTrace(PARENT)!;
    const own = parseTrace(span.trace);
    assert.deepEqual(
      collector.spans.map(({ name, traceId, parentSpanId }) => [name, traceId, parentSpanId]),
      [
        ['publish actions', traceId, own?.spanId],
        ['POST /v1/actions', traceId, spanId],
      ],
    );
    assert.equal(collector.spans[0]?.service, 'tributary-gateway');
    assert.deepEqual(outcomes, ['2 taken']);
  });

  it('records what the caller records, whatever the share', async () => {
    const tracer = await open(0);
    tracer.begin('recorded', 'server', PARENT).end();
    tracer.begin('not recorded', 'server', NOT_RECORDED).end();
    const begun = tracer.begin('begun here', 'server', undefined);
    begun.end();
    assert.equal(parseTrace(begun.trace)?.isRecorded, false);
    for (const parent of [undefined, 'nonsense', NOT_RECORDED, begun.trace])
      assert.equal(tracer.continue('none', 'producer', parent), undefined);
    await tracer.close();
    assert.deepEqual(
      collector.spans.map(({ name }) => name),
      ['recorded'],
    );
  });

  it('marks a span whose work failed, and lets the error pass', async () => {
    const tracer = await open();
    const failed = traced(tracer.begin('failed', 'consumer', PARENT), Promise.reject(new Error('no broker')));
    await assert.rejects(failed, /no broker/);
    assert.equal(await traced(tracer.begin('done', 'consumer', PARENT), Promise.resolve(3)), 3);
    await tracer.close();
    assert.deepEqual(
      collector.spans.map(({ name, hasFailed }) => [name, hasFailed]),
      [
        ['failed', true],
        ['done', false],
      ],
    );
  });

  it('counts the spans that the collector does not take, and closes nevertheless', async () => {
    collector.answerWith(400);
    const tracer = await open();
    tracer.begin('lost', 'server', PARENT).end();
    await tracer.close();
    assert.deepEqual(outcomes, ['1 lost']);
  });
});
