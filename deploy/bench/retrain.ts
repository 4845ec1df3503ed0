import { setTimeout as delay } from 'node:timers/promises';
import type { Release } from '#contracts/generated/records.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { applyTopics } from '#topics/apply.ts';
import { openCompletejourney } from '../data/completejourney.ts';
import { collect, type Dataset } from '../data/dataset.ts';
import { ensureDataset } from '../data/datasets.ts';
import { connectGateway } from '../data/gateway.ts';
import { loadHistory, loadItems } from '../data/load.ts';
import type { SendCounts } from '../data/sender.ts';
import { shiftToEndAt } from '../data/shift.ts';
import type { Figures } from '../figures/figures.ts';
import type { Path } from '../path/path.ts';
import { type MemoryWatch, watchMemory } from './memory.ts';
import { onStages } from './on-stages.ts';

const DAY = 86_400_000;
/** A year, and the days that loading it may take. */
const RETENTION = { actions: 400 * DAY };
const SETTINGS = { TRIBUTARY_RETRAIN_INTERVAL_MS: '0' };
/** Long polling interval, because requests use the measured processors. */
const POLL_MS = 250;
const PATIENCE = { timeoutMs: 30 * 60_000 };

/**
 * completejourney's whole year in the log and its whole catalogue: one retraining as the stage runs it on request,
 * until the index serves the generation. Seconds are the product's own, by step: those of the release's model card,
 * and from `ready` to `active` for the flip; `reading` is the time in which a starting stage reads the log, before
 * any retraining. Memory is that of all stages and servers at once, sampled from outside.
 */
export function measure(): Promise<Figures> {
  return onStages(['gateway', 'index', 'retrain'], SETTINGS, async (path, servers) => {
    await load(path, await openCompletejourney(await ensureDataset('completejourney')));
    const memory = watchMemory(() => [...path.stages.processes, ...servers.processes]);
    try {
      const readingSince = Date.now();
      // A stage is ready when it has read the log, and a new one has no other work.
      await path.stages.restart('retrain');
      const reading = { name: 'reading', from: readingSince, to: Date.now() };
      console.error('  retraining …');
      const retraining = await retrain(path);
      return summarise(retraining, reading, memory);
    } finally {
      memory.stop();
    }
  });
}

/** Catalogue and history as the demo loads them: through the gateway, the history shifted so that it ends now. */
async function load(path: Path, dataset: Dataset): Promise<void> {
  const { kafka, registry, namespace } = path.namespace;
  await applyTopics({ kafka, registry, namespace, retentionMs: RETENTION });
  const gateway = connectGateway({ url: `http://127.0.0.1:${path.stages.ports.gateway}` });
  try {
    console.error('  loading the catalogue …');
    allAccepted(await loadItems(dataset.items(), gateway));
    console.error(`  loading ${dataset.actionCount} actions …`);
    const [newest] = await collect(dataset.actions(dataset.actionCount - 1));
    const shift = shiftToEndAt(newest!.occurredAt, Date.now());
    allAccepted(await loadHistory(dataset.actions(), shift, gateway));
  } finally {
    await gateway.close();
  }
}

function allAccepted({ rejected, rejections }: SendCounts): void {
  if (rejected > 0) throw new Error(`The gateway rejected ${rejected}: ${rejections.join('; ')}`);
}

interface Retraining {
  readonly ready: Release;
  readonly active: Release;
}

async function retrain(path: Path): Promise<Retraining> {
  const { generation } = (await path.call('retrain', 'POST', '/retrain', {})).body as { generation: string };
  await waitFor(
    async () => {
      await delay(POLL_MS);
      const { last } = (await path.call('retrain', 'GET', '/status')).body as RetrainStatus;
      if (last?.state === 'rejected') throw new Error(`The generation was rejected: ${last.reason}`);
      const { active } = (await path.call('index', 'GET', '/status')).body as IndexStatus;
      return active?.generation === generation;
    },
    { message: `${generation} serves`, ...PATIENCE },
  );
  return waitFor(
    async () => {
      const releases = (await path.read('releases')).map(({ value }) => value);
      const released = (state: Release['state']) =>
        releases.find((release) => release.generation === generation && release.state === state);
      const [ready, active] = [released('ready'), released('active')];
      return ready !== undefined && active !== undefined && { ready, active };
    },
    { message: `${generation} is declared active`, ...PATIENCE },
  );
}

interface RetrainStatus {
  readonly last: { readonly state: string; readonly reason: string | null } | null;
}

interface IndexStatus {
  readonly active: { readonly generation: string } | null;
}

interface Step {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

function summarise({ ready, active }: Retraining, reading: Step, memory: MemoryWatch): Figures {
  const steps = [...stepsOf(ready), { name: 'flip', from: ready.updatedAt, to: active.updatedAt }];
  const whole = { name: 'total', from: ready.createdAt, to: active.updatedAt };
  const byStep = (figure: (step: Step) => number) =>
    Object.fromEntries([...steps, whole, reading].map((step) => [step.name, figure(step)]));
  const card = JSON.parse(active.modelCard) as { data: { items: number; actions: number }; examples: number };
  return {
    seconds: byStep(({ from, to }) => (to - from) / 1_000),
    peakMemoryMiB: byStep(({ from, to }) => Math.round(memory.peakBetween(from, to))),
    peakMemoryMiBOf: Object.fromEntries(
      Object.entries(memory.peaks).map(([name, mib]) => [name, Math.round(mib)]),
    ),
    trained: { ...card.data, examples: card.examples },
    served: { items: active.itemCount, ...active.metrics },
  };
}

/** Durations of the steps since the retraining began, from its model card. */
function stepsOf({ createdAt, modelCard }: Release): Step[] {
  const { steps } = JSON.parse(modelCard) as { steps: Record<string, number> };
  let from = createdAt;
  return Object.entries(steps).map(([name, seconds]) => {
    const step = { name, from, to: from + seconds * 1_000 };
    from = step.to;
    return step;
  });
}
