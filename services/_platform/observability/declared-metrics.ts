import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The only declaration of a metric: prom-client's object and the tables of the READMEs are made from it. */
export interface MetricDeclaration<Kind extends MetricKind = MetricKind, Label extends string = string> {
  readonly kind: Kind;
  readonly name: string;
  /** Description for the scraped text and the tables, without a full stop. */
  readonly help: string;
  readonly labels: readonly Label[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

export type MetricKind = 'counter' | 'gauge' | 'histogram';
export type MetricDeclarations = Readonly<Record<string, MetricDeclaration>>;

interface Described<Label extends string> {
  readonly help: string;
  readonly labels?: readonly Label[];
}

export function counter<const Label extends string = never>(
  name: string,
  { help, labels = [] }: Described<Label>,
): MetricDeclaration<'counter', Label> {
  return { kind: 'counter', name, help, labels };
}

export function gauge<const Label extends string = never>(
  name: string,
  { help, labels = [] }: Described<Label>,
): MetricDeclaration<'gauge', Label> {
  return { kind: 'gauge', name, help, labels };
}

export function histogram<const Label extends string = never>(
  name: string,
  { help, labels = [], buckets }: Described<Label> & { readonly buckets: readonly number[] },
): MetricDeclaration<'histogram', Label> {
  return { kind: 'histogram', name, help, labels, buckets };
}

type Registered<D> =
  D extends MetricDeclaration<'counter', infer Label>
    ? Counter<Label>
    : D extends MetricDeclaration<'gauge', infer Label>
      ? Gauge<Label>
      : D extends MetricDeclaration<'histogram', infer Label>
        ? Histogram<Label>
        : never;

/** The metrics of a declaration, by the same keys. */
export type MetricsOf<D extends MetricDeclarations> = { readonly [K in keyof D]: Registered<D[K]> };

/** Functions that set a gauge at each scrape. */
export type AtScrape<D extends MetricDeclarations> = {
  readonly [K in keyof D]?: (gauge: Registered<D[K]>) => void;
};

/**
 * Adds the declared metrics to the registry.
 * @param atScrape - called before each scrape, for gauges whose value is computed only then
 * @throws Error if the registry already has a metric of the same name
 */
export function registerMetrics<const D extends MetricDeclarations>(
  declared: D,
  registry: Registry,
  atScrape: AtScrape<D> = {},
): MetricsOf<D> {
  const metrics: Record<string, Counter | Gauge | Histogram> = {};
  for (const [key, { kind, name, help, labels, buckets }] of Object.entries(declared)) {
    const options = { name, help, labelNames: [...labels], registers: [registry] };
    const collect = atScrape[key] as ((gauge: Gauge) => void) | undefined;
    if (kind === 'counter') metrics[key] = new Counter(options);
    else if (kind === 'histogram')
      metrics[key] = new Histogram({ ...options, buckets: [...(buckets ?? [])] });
    else if (collect === undefined) metrics[key] = new Gauge(options);
    else
      metrics[key] = new Gauge({
        ...options,
        collect() {
          collect(this);
        },
      });
  }
  return metrics as MetricsOf<D>;
}
