/** Examines the stages: whether each answers, is ready, works in this namespace, and is seen by the gateway. */
import { qualifiedTopic, TOPICS } from '#topics/catalog.ts';
import type { ProgramConfig } from '../config.ts';
import { type Finding, fault, ok, skipped, warning } from './finding.ts';

export interface StageFacts {
  readonly name: string;
  readonly url: string;
  readonly answer:
    | { readonly kind: 'silent'; readonly reason: string }
    /** A program that is no stage. */
    | { readonly kind: 'other' }
    | {
        readonly kind: 'stage';
        readonly ready: boolean;
        readonly missing: readonly string[];
        readonly metrics: string;
      };
}

const TIMEOUT_MS = 3_000;

export async function readStages({ stageUrls }: ProgramConfig): Promise<StageFacts[]> {
  return Promise.all(
    Object.entries(stageUrls).map(async ([name, url]) => ({ name, url, answer: await readStage(url) })),
  );
}

async function readStage(url: string): Promise<StageFacts['answer']> {
  const { origin } = new URL(url);
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const [ready, metrics] = await Promise.all([
      fetch(`${origin}/readyz`, { signal }),
      fetch(`${origin}/metrics`, { signal }),
    ]);
    const [body, text] = await Promise.all([ready.json().catch(() => undefined), metrics.text()]);
    const { ready: isReady, missing } = (body ?? {}) as { ready?: unknown; missing?: unknown };
    if (typeof isReady !== 'boolean' || !Array.isArray(missing)) return { kind: 'other' };
    return { kind: 'stage', ready: isReady, missing: missing.map(String), metrics: text };
  } catch (error) {
    const { cause, message } = error as Error;
    return { kind: 'silent', reason: cause instanceof Error ? cause.message : message };
  }
}

export function stageFindings(stages: readonly StageFacts[], namespace: string): Finding[] {
  return stages.map(({ name, url, answer }) => {
    const subject = `stage ${name}`;
    const variable = `TRIBUTARY_${name.toUpperCase()}_URL`;
    if (answer.kind === 'silent')
      return fault(
        subject,
        `does not answer at ${url} (${answer.reason})`,
        `Start it with \`npm run stage ${name}\`, or point ${variable} at it.`,
      );
    if (answer.kind === 'other')
      return fault(
        subject,
        `another program listens at ${url}`,
        `Stop that program, or start the stage elsewhere with TRIBUTARY_STAGE_PORT and point ${variable} at it.`,
      );
    const elsewhere = otherNamespace(answer.metrics, namespace);
    if (elsewhere !== undefined)
      return fault(
        subject,
        `works in the namespace “${elsewhere}”, not in “${namespace}”: the stages cannot see each other`,
        'Start all stages with the same TRIBUTARY_NAMESPACE, and this program too.',
      );
    if (!answer.ready)
      return warning(
        subject,
        `is not ready: ${answer.missing.join('; ')}`,
        'Wait a moment; if it stays so, see its log.',
      );
    return ok(subject, `is ready at ${url}`);
  });
}

/** Returns the namespace of the topics that a stage counts, if it is not the expected one. */
export function otherNamespace(metrics: string, namespace: string): string | undefined {
  const topics = new Set(
    Array.from(metrics.matchAll(/^tributary_\w+\{[^}]*\btopic="([^"]+)"/gm), ([, topic]) => topic!),
  );
  const expected = new Set(TOPICS.map(({ name }) => qualifiedTopic(namespace, name)));
  const strange = [...topics].find((topic) => !expected.has(topic));
  if (strange === undefined) return undefined;
  return strange.includes('.') ? strange.slice(0, strange.lastIndexOf('.')) : '';
}

/** Asks the gateway questions that it can answer only with another stage, and that change nothing. */
export async function examineSight(
  { stageUrls }: ProgramConfig,
  stages: readonly StageFacts[],
): Promise<Finding[]> {
  if (stages.find(({ name }) => name === 'gateway')?.answer.kind !== 'stage')
    return [skipped('what the gateway sees', 'the gateway does not answer')];
  const { origin } = new URL(stageUrls.gateway!);
  const questions = [
    { stage: 'interests', path: '/v1/users/tributary-doctor/interests' },
    { stage: 'index', path: '/v1/items/tributary-doctor/similar?n=1' },
  ];
  return Promise.all(
    questions.map(async ({ stage, path }) => {
      const subject = `gateway → ${stage}`;
      try {
        const answer = await fetch(`${origin}${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
        const { code = '', reason = '' } =
          ((await answer.json()) as { error?: { code?: string; reason?: string } }).error ?? {};
        if (code === 'peer.unavailable')
          return fault(
            subject,
            reason,
            `Point TRIBUTARY_${stage.toUpperCase()}${stage === 'index' ? '_URL' : '_URL'} of the gateway at the stage.`,
          );
        if (code === 'index.empty')
          return warning(
            subject,
            'the index serves no generation yet',
            'Wait for the first retraining, or start one: `curl -X POST` /retrain of the stage retrain.',
          );
        return ok(subject, 'is seen');
      } catch (error) {
        return skipped(subject, (error as Error).message);
      }
    }),
  );
}
