/** Looks at the files of a user before anything is read in full: what is missing, what a mapping would mend, what stays unused. */
import { type ColumnFinding, lookAtColumns, shownColumns } from './look-at-columns.ts';
import { joinMappings, type Mapping } from './mapping.ts';
import type { MappingGap } from './propose-actions.ts';
import { type FileSample, readSample } from './sample.ts';
import { FileError } from './text-file.ts';

/** A user's own files. */
export interface SurveyedFiles {
  readonly actions?: string | undefined;
  readonly items?: string | undefined;
}

/** What the files need, and what they hold besides. */
export interface FileSurvey {
  readonly gaps: readonly MappingGap[];
  readonly proposal: Mapping;
  /** A line for each file of which columns stay unused. */
  readonly unused: readonly string[];
}

/**
 * Looks at the first rows of all files at once.
 * @param now milliseconds since the epoch
 * @returns a line for each file of which columns stay unused
 * @throws FileError with every fault of both files, and the mapping that mends them; an error of the file system
 */
export async function surveyFiles(
  files: SurveyedFiles,
  mapping: Mapping,
  now: number,
): Promise<readonly string[]> {
  const { gaps, proposal, unused, findings } = await lookAt(files, mapping, now);
  if (gaps.length > 0) throw refusal(gaps, proposal, findings);
  return unused;
}

/** Like `surveyFiles`, but proposes also what no fault demands, such as columns that would stay unused. */
export async function lookAtFiles(files: SurveyedFiles, mapping: Mapping, now: number): Promise<FileSurvey> {
  const { gaps, findings, samples } = await lookAt(files, mapping, now);
  const parts = findings.map(({ whole }) => whole);
  const proposal = parts.reduce(joinMappings, encodings(samples));
  const unused = findings.flatMap(({ sample, left }) =>
    left.length === 0 ? [] : [`${sample.file}: columns that are not used: ${shownColumns(left)}`],
  );
  return { gaps, proposal, unused };
}

async function lookAt(files: SurveyedFiles, mapping: Mapping, now: number) {
  const samples: Sampled[] = [];
  for (const kind of ['actions', 'items'] as const) {
    const path = files[kind];
    if (path !== undefined) samples.push(await readSample(kind, path, mapping));
  }
  const findings = samples.map((sample) => ({ sample, ...lookAtColumns(sample, mapping, now) }));
  const gaps: readonly MappingGap[] = findings.flatMap(({ sample: { refused }, gaps: ofColumns }) => [
    ...(refused ? [{ sentence: refused.message, question: refused.proposal!.question }] : []),
    ...ofColumns,
  ]);
  const proposal = findings.map(({ proposal: part }) => part).reduce(joinMappings, encodings(samples));
  return {
    samples,
    findings,
    gaps,
    proposal,
    unused: findings.flatMap((finding) => [...finding.notes, ...unusedLine(finding)]),
  };
}

type Sampled = Awaited<ReturnType<typeof readSample>>;

function refusal(
  gaps: readonly MappingGap[],
  proposal: Mapping,
  findings: readonly (ColumnFinding & { readonly sample: Sampled })[],
): FileError {
  const sentences = gaps.map(({ sentence }) => sentence);
  if (Object.keys(proposal).length === 0) return new FileError(sentences.join('\n'));
  const json = JSON.stringify(proposal);
  const isEncodingOnly = Object.keys(proposal).join() === 'encoding';
  const unused = findings
    .filter(({ unused }) => unused.length > 0)
    .map(({ sample, unused }) => ` It leaves ${shownColumns(unused)} of ${sample.file} unused.`)
    .join('');
  const remedy = isEncodingOnly ? '' : ` Try a --mapping such as ${json}.${unused}`;
  const message =
    sentences.length === 1 ? `${sentences[0]}${remedy}` : `${sentences.join('\n')}\n${remedy.trim()}`;
  const [only] = gaps;
  const question =
    gaps.length === 1 && only!.question !== undefined
      ? only!.question
      : `${sentences.join('\n')}\nRead ${findings.length > 1 ? 'them' : 'it'} with the mapping ${json}?${unused}`;
  return new FileError(message, { question, mapping: proposal });
}

/** The encodings that the owner has to confirm: for all files, or for the one that needs it. */
function encodings(samples: readonly Sampled[]): Mapping {
  const needed = samples.flatMap(({ kind, refused }) => {
    const encoding = refused?.proposal?.mapping.encoding;
    return encoding === undefined ? [] : [{ kind, encoding }];
  });
  const [first, ...more] = needed;
  if (first === undefined) return {};
  const isShared =
    needed.length === samples.length && more.every(({ encoding }) => encoding === first.encoding);
  if (isShared) return { encoding: first.encoding };
  return needed.reduce<Mapping>(
    (joined, { kind, encoding }) => joinMappings(joined, { [kind]: { encoding } }),
    {},
  );
}

function unusedLine({
  sample,
  unused,
  hints,
}: ColumnFinding & { readonly sample: FileSample }): readonly string[] {
  if (unused.length === 0) return [];
  const named = unused.map((column) => {
    const field = hints.get(column);
    return field === undefined ? column : `${column} (looks like ${field})`;
  });
  const remedy = hints.size > 0 ? '; a mapping can use them' : '';
  return [`${sample.file}: columns that are not used: ${shownColumns(named)}${remedy}`];
}
