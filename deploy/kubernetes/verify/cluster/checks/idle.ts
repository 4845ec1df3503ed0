/** What all pods together take while nobody asks for anything. */
import { setTimeout as delay } from 'node:timers/promises';
import { NAMESPACE } from '../../../source/base.ts';
import { KubectlError, kubectl } from '../kubectl.ts';

/** What an installation may take while nothing happens. */
const MOST = { cores: 0.3, gibibytes: 2.5 };
const SETTLE_MS = 30_000;
/** The metrics of a pod are means over some 15 s, so that samples further apart are of different times. */
const SAMPLE_MS = 20_000;
const SAMPLES = 4;

export interface Usage {
  readonly cores: number;
  readonly gibibytes: number;
  readonly pods: number;
}

interface PodMetrics {
  readonly items: readonly {
    readonly containers: readonly { readonly usage: { readonly cpu: string; readonly memory: string } }[];
  }[];
}

const CPU_UNITS: Readonly<Record<string, number>> = { n: 1e-9, u: 1e-6, m: 1e-3, '': 1 };
const MEMORY_UNITS: Readonly<Record<string, number>> = { '': 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** Sums what the API of metrics says of each pod. @throws Error for a quantity that it does not know */
export function usageOf(metrics: PodMetrics): Usage {
  const usages = metrics.items.flatMap(({ containers }) => containers.map(({ usage }) => usage));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    cores: sum(usages.map(({ cpu }) => quantityIn(cpu, CPU_UNITS))),
    gibibytes: sum(usages.map(({ memory }) => quantityIn(memory, MEMORY_UNITS))) / 2 ** 30,
    pods: metrics.items.length,
  };
}

function quantityIn(text: string, units: Readonly<Record<string, number>>): number {
  const [, digits, unit = ''] = /^(\d+)([a-zA-Z]*)$/.exec(text) ?? [];
  const factor = units[unit];
  if (digits === undefined || factor === undefined) throw new Error(`${text} is no quantity`);
  return Number(digits) * factor;
}

export const IDLE_CHECK = {
  name: `all pods together take less than ${MOST.cores} cores and ${MOST.gibibytes} GiB while nothing happens`,
  async run(): Promise<string> {
    await delay(SETTLE_MS);
    const samples: Usage[] = [];
    for (let at = 0; at < SAMPLES; at++) {
      await delay(SAMPLE_MS);
      samples.push(await sample());
    }
    const mean = samples.reduce((total, { cores }) => total + cores, 0) / samples.length;
    const most = Math.max(...samples.map(({ gibibytes }) => gibibytes));
    const seen = `${mean.toFixed(3)} cores and ${most.toFixed(2)} GiB in ${samples.at(-1)!.pods} pods`;
    if (mean >= MOST.cores || most >= MOST.gibibytes) throw new Error(seen);
    return seen;
  },
};

async function sample(): Promise<Usage> {
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${NAMESPACE}/pods`;
  try {
    return usageOf(JSON.parse(await kubectl(['get', '--raw', path])) as PodMetrics);
  } catch (error) {
    if (!(error instanceof KubectlError)) throw error;
    throw new Error(`the cluster has no metrics of pods, which metrics-server serves: ${error.message}`);
  }
}
