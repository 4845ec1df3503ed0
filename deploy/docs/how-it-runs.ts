/** How each command of the documents is run by a test. Pure. */
import type { DocCommand } from './doc-commands.ts';

export type HowItRuns =
  /** In a shell, against running stages. */
  | {
      readonly kind: 'here';
      readonly shell: string /** Runs until it is interrupted. */;
      readonly isEndless: boolean;
    }
  /** By a test of its own, or by the set-up of this one. */
  | { readonly kind: 'elsewhere'; readonly where: string }
  /** Not at all, for the reason. */
  | { readonly kind: 'cannot'; readonly why: string };

interface Rule {
  readonly pattern: RegExp;
  readonly how: (text: string) => HowItRuns;
}

const elsewhere = (where: string) => (): HowItRuns => ({ kind: 'elsewhere', where });
const cannot = (why: string) => (): HowItRuns => ({ kind: 'cannot', why });

/** The first rule whose pattern matches holds. */
const RULES: readonly Rule[] = [
  {
    pattern: /^kubectl .* exec \S+ -- node deploy\/image\/start\.ts /s,
    how: (text) => here(text.slice(text.indexOf('node '))),
  },
  {
    pattern: /^kubectl /,
    how: cannot('there is no Kubernetes here; `npm run verify:kubernetes` renders and checks the manifests'),
  },
  {
    pattern: /^docker /,
    how: cannot('there is no Docker engine here; deploy/image/image.test.ts checks the image'),
  },
  { pattern: /^curl .*localhost:7000/s, how: cannot('the port is one that kubectl forwards') },
  {
    pattern: /^npm run demo\b/,
    how: elsewhere('deploy/demo; it runs for minutes: npm run demo -- --once --json'),
  },
  {
    pattern: /^npm run stage \w+$/,
    how: elsewhere('the set-up of this test starts the stages in the same way'),
  },
  { pattern: /^npm run load -- .*deploy\/examples\//, how: (text) => here(text) },
  { pattern: /^npm run load /, how: elsewhere('deploy/load/load.test.ts, on files that it makes') },
  {
    pattern: /^npm (test\b|run (verify:kubernetes|test:\w+|bench|evaluate|faults|check|generate)\b)/,
    how: elsewhere('it is a test itself'),
  },
  {
    pattern: /^npm run build:client$|^(npx node|python3|java -cp \S+) deploy\/examples\//,
    how: elsewhere('deploy/examples/examples.integration.test.ts'),
  },
  { pattern: /^npm run slates /, how: elsewhere('deploy/slates/slates.test.ts, on slates that it makes') },
  { pattern: /^export /, how: elsewhere('the set-up of this test gives the stages these variables') },
  {
    // Nothing is trained in the set-up of this test, and doctor finds that retrain does not answer.
    pattern: /^npx tributary doctor$/,
    how: (text) => here(`${text} || test $? -eq 3`),
  },
  {
    pattern: /^(npm run (topics|releases|tributary|experiments)|npx tributary|curl|echo|source) ?/,
    how: (text) => here(text),
  },
];

export function howItRuns({ text }: Pick<DocCommand, 'text'>): HowItRuns | undefined {
  return RULES.find(({ pattern }) => pattern.test(text))?.how(text);
}

/** What differs between the reader's cluster and that of the test. */
const SUBSTITUTIONS: ReadonlyArray<readonly [RegExp, string]> = [
  // One broker cannot hold three replicas.
  [/--replication-factor 3/g, '--replication-factor 1'],
  // An error of the API is an error of the command.
  [/^curl (--fail )?/, 'curl --fail-with-body --silent --show-error '],
];

function here(text: string): HowItRuns {
  const shell = SUBSTITUTIONS.reduce((changed, [pattern, by]) => changed.replace(pattern, by), text);
  return { kind: 'here', shell, isEndless: /(--follow|--watch| -f)\b/.test(text) };
}
