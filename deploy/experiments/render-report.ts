import type { ArmReport, ExperimentReport } from '#operations/experiments/report.ts';
import { printable } from '#topics/format.ts';
import { renderTable } from '#topics/table.ts';

/** Describes a report for people: the verdict first, one line an arm, and whether the figures can be trusted. */
export function renderReport(report: ExperimentReport): string {
  const { experiment, state, startedAt, learning, arms, verdict } = report;
  const shares = arms.reduce((sum, { share }) => sum + share, 0);
  const table = renderTable(arms, [
    { title: 'ARM', value: ({ name }) => printable(name) },
    { title: 'POLICY', value: ({ policy }) => printable(policy || 'the set policy') },
    { title: 'SHARE', value: ({ share }) => `${Number(((100 * share) / shares).toFixed(1))} %` },
    { title: 'USERS', value: ({ users }) => users },
    { title: 'SLATES', value: ({ slates }) => slates },
    { title: 'WAITING', value: ({ waiting }) => waiting },
    { title: 'REWARDS', value: ({ rewards }) => Number(rewards.toFixed(1)) },
    { title: 'A SLATE', value: ({ rewardRate }) => (rewardRate === undefined ? '–' : rewardRate.toFixed(4)) },
    { title: 'AGAINST CONTROL', value: (arm) => against(arm, arm === arms[0]) },
    { title: '95 % INTERVAL', value: ({ low, high }) => interval(low, high) },
  ]);
  return [
    `${printable(experiment)} is ${state} since ${startedAt}; the arms learn ${learning === 'apart' ? 'apart' : 'from the rewards of all'}.`,
    verdict,
    '',
    table,
    '',
    ...notes(report),
  ].join('\n');
}

function against({ difference }: ArmReport, isControl: boolean): string {
  if (isControl) return 'control';
  return difference === undefined ? '–' : signed(difference);
}

function interval(low: number | undefined, high: number | undefined): string {
  return low === undefined || high === undefined ? '–' : `${signed(low)} to ${signed(high)}`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
}

function notes({ arms, sampleRatio, isAATest, aa, unknownArms }: ExperimentReport): readonly string[] {
  const p = Number(sampleRatio.pValue.toPrecision(3));
  return [
    sampleRatio.isRight
      ? `The users are divided as the shares say (p = ${p}).`
      : `The users are not divided as the shares say (p = ${p}): the figures do not hold.`,
    ...(arms.some(({ isKnown }) => !isKnown)
      ? ['– is not known yet: an arm and the control need two users each.']
      : []),
    ...(isAATest ? ['All arms have one policy: this is an A/A test.'] : []),
    ...(aa === undefined
      ? []
      : [
          `Two equal halves of the control, ${aa.repetitions} times: ${aa.covered} intervals of one look contain 0, and ${aa.coveredAtAnyTime} of those that are valid at any time.`,
        ]),
    ...arms.flatMap(({ name, policy, withoutColumn = 0 }) =>
      withoutColumn === 0
        ? []
        : [
            `${withoutColumn} slates of ${printable(name)} are not in the order of ${printable(policy || 'the set policy')}: no candidate had its feature, so that expected rewards ordered them.`,
          ],
    ),
    ...(unknownArms > 0 ? [`${unknownArms} slates name an arm that the experiment does not have.`] : []),
    'WAITING slates have no reward in the log yet. A SLATE is the mean reward of a slate; the intervals stay valid however often they are read.',
  ];
}
