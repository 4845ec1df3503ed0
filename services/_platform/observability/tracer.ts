import type {
  Attributes,
  Context,
  Span as OtelSpan,
  Tracer as OtelTracer,
  SpanKind,
} from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import { parseTrace, writeTrace } from './trace.ts';

/** Limit of one export, ms: well below the deadline of a drain, because the last spans are exported then. */
const EXPORT_TIMEOUT_MS = 2_000;

export type SpanRole = 'server' | 'client' | 'producer' | 'consumer';

/** A piece of work that is timed. */
export interface TracedSpan {
  /** The `traceparent` for what this work causes, in this process or in another one. */
  readonly trace: string;
  /** Ends the span now; with an error, or its reason, the span has failed. */
  end(error?: unknown): void;
}

export interface TracerOptions {
  /** Becomes `service.name`, after `tributary-`. */
  readonly stage: string;
  /** Becomes `service.namespace`, unless it is empty. */
  readonly namespace: string;
  /** Base address of a collector that takes OTLP over HTTP; `/v1/traces` is appended. */
  readonly url: string;
  /** Called with the number of spans that the collector took, or did not take. */
  readonly onExport: (outcome: 'taken' | 'lost', spans: number) => void;
  /** Share of the traces that begin here which are recorded, from 0 to 1. A trace that begins elsewhere is recorded if its caller records it. */
  readonly share: number;
}

/** Records spans and exports them in the background; what the collector does not take in time is dropped. */
export interface Tracer {
  /**
   * Begins a span. @param parent the `traceparent` that caused the work; without one, or with a malformed one, a trace begins
   */
  begin(name: string, role: SpanRole, parent: string | undefined, attributes?: Attributes): TracedSpan;
  /**
   * Begins a span if its parent is recorded.
   * @returns undefined for a parent that is missing, malformed or not recorded
   */
  continue(
    name: string,
    role: SpanRole,
    parent: string | undefined,
    attributes?: Attributes,
  ): TracedSpan | undefined;
  /** Exports what is still here. */
  close(): Promise<void>;
}

/** Loads OpenTelemetry only where traces are wanted: it takes memory, and time at the start. */
export async function createTracer({
  stage,
  namespace,
  url,
  share,
  onExport,
}: TracerOptions): Promise<Tracer> {
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const exporter = new OTLPTraceExporter({
    url: `${url.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const provider = new sdk.BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': `tributary-${stage}`,
      ...(namespace === '' ? {} : { 'service.namespace': namespace }),
    }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(share) }),
    spanProcessors: [
      new sdk.BatchSpanProcessor(counting(exporter, onExport), { exportTimeoutMillis: EXPORT_TIMEOUT_MS }),
    ],
  });
  // What could not be exported is counted already.
  const close = (): Promise<void> => provider.shutdown().catch(() => undefined);
  return tracerOn(provider.getTracer('tributary'), api, close);
}

type Api = typeof import('@opentelemetry/api');

function counting(exporter: SpanExporter, onExport: TracerOptions['onExport']): SpanExporter {
  return {
    export(spans, callback) {
      exporter.export(spans, (result) => {
        onExport(result.code === 0 ? 'taken' : 'lost', spans.length);
        callback(result);
      });
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}

function tracerOn(tracer: OtelTracer, api: Api, close: () => Promise<void>): Tracer {
  const kinds: Readonly<Record<SpanRole, SpanKind>> = {
    server: api.SpanKind.SERVER,
    client: api.SpanKind.CLIENT,
    producer: api.SpanKind.PRODUCER,
    consumer: api.SpanKind.CONSUMER,
  };
  const begin: Tracer['begin'] = (name, role, parent, attributes = {}) => {
    const span = tracer.startSpan(name, { kind: kinds[role], attributes }, contextOf(api, parent));
    const { traceId, spanId, traceFlags } = span.spanContext();
    return {
      trace: writeTrace({ traceId, spanId, isRecorded: (traceFlags & api.TraceFlags.SAMPLED) !== 0 }),
      end: (error) => endSpan(api, span, error),
    };
  };
  return {
    begin,
    continue: (name, role, parent, attributes) =>
      parseTrace(parent)?.isRecorded === true ? begin(name, role, parent, attributes) : undefined,
    close,
  };
}

function contextOf(api: Api, parent: string | undefined): Context {
  const known = parseTrace(parent);
  if (known === undefined) return api.ROOT_CONTEXT;
  return api.trace.setSpanContext(api.ROOT_CONTEXT, {
    traceId: known.traceId,
    spanId: known.spanId,
    traceFlags: known.isRecorded ? api.TraceFlags.SAMPLED : api.TraceFlags.NONE,
    isRemote: true,
  });
}

function endSpan(api: Api, span: OtelSpan, error: unknown): void {
  if (error !== undefined) {
    const message = error instanceof Error ? error.message : String(error);
    span.setStatus({ code: api.SpanStatusCode.ERROR, message });
  }
  span.end();
}

/** Ends the span when the work settles; without a span it is the work alone. */
export async function traced<T>(span: TracedSpan | undefined, work: Promise<T>): Promise<T> {
  if (span === undefined) return work;
  try {
    const result = await work;
    span.end();
    return result;
  } catch (error) {
    span.end(error);
    throw error;
  }
}
