import { decide, decisionButton, mayDecide } from './decide.js';
import { api, h, percent, table, time } from './dom.js';

/** Experiments: arms with exposure and intervals; start, stop and promote. */
export async function show(page, chosen, signal) {
  page.append(h('h2', {}, 'Experiments'));
  const body = h('div');
  const isOn = await mayDecide();
  page.append(body);
  const refresh = async () => {
    const experiments = await api('/console/experiments', { signal });
    body.replaceChildren(...(await content(experiments, chosen, isOn, refresh, signal)));
  };
  await refresh();
}

async function content(experiments, chosen, isOn, refresh, signal) {
  const shown = experiments.find(({ name }) => name === chosen) ?? experiments[0];
  const parts = [];
  if (shown === undefined) parts.push(h('p', { class: 'quiet' }, 'There was no experiment yet.'));
  else {
    const report = h('div', {}, h('p', { role: 'status', class: 'quiet' }, 'Reading slates and rewards …'));
    parts.push(report);
    api(`/console/experiments/${encodeURIComponent(shown.name)}`, { signal })
      .then((figures) => report.replaceChildren(...reportOf(shown, figures, isOn, refresh)))
      .catch((error) => {
        if (!signal.aborted) report.replaceChildren(h('p', { class: 'bad' }, error.message));
      });
    parts.push(
      h('h3', {}, 'All experiments'),
      table(
        'All experiments',
        ['Name', 'State', 'Since (UTC)', 'Arms'],
        experiments.map(({ name, state, promoted, updatedAt, arms }) => [
          h('a', { href: `#/experiments/${encodeURIComponent(name)}` }, name),
          promoted === null ? state : `${state}: ${promoted}`,
          time(updatedAt),
          arms.map((arm) => arm.name).join(', '),
        ]),
      ),
    );
  }
  const isRunning = experiments.some(({ state }) => state === 'running');
  if (!isOn) parts.push(h('h3', {}, 'Start, stop or promote'), h('pre', {}, COMMANDS));
  else if (!isRunning) parts.push(h('h3', {}, 'Start'), startForm(refresh));
  return parts;
}

const COMMANDS = `npm run experiments -- start NAME control new=greedy:0.5
npm run experiments -- stop NAME
npm run experiments -- promote NAME ARM`;

function reportOf(experiment, report, isOn, refresh) {
  const { name, state } = experiment;
  const { arms, sampleRatio, verdict, unknownArms } = report;
  const total = arms.reduce((sum, { users }) => sum + users, 0);
  const rows = arms.map((arm, index) => [
    arm.name,
    arm.policy || 'the set policy',
    arm.users,
    total === 0 ? '–' : percent(arm.users / total),
    arm.slates,
    arm.waiting,
    arm.isKnown ? arm.rewardRate.toFixed(4) : '–',
    index === 0 ? 'control' : interval(arm),
    ...(isOn ? [promotion(experiment, arm, refresh)] : []),
  ]);
  return [
    h('h3', {}, `${name}, ${state} since ${time(experiment.startedAt)}`),
    h('p', { class: sampleRatio.isRight ? undefined : 'bad' }, verdict),
    ...arms
      .filter(({ withoutColumn }) => withoutColumn > 0)
      .map((arm) =>
        h(
          'p',
          { class: 'bad' },
          `${arm.withoutColumn} slates of ${arm.name} are not in the order of ${arm.policy || 'the set policy'}: no candidate had its feature, so that expected rewards ordered them.`,
        ),
      ),
    h(
      'p',
      { class: 'quiet' },
      'Intervals hold at 95% however often they are read. ',
      `Shares of users fit those of the arms with p = ${sampleRatio.pValue.toPrecision(3)}. `,
      unknownArms > 0 ? `${unknownArms} slates name an arm that the experiment does not have.` : '',
    ),
    table(
      'Arms',
      [
        'Arm',
        'Policy',
        'Users',
        'Exposure',
        'Slates',
        'Waiting',
        'Reward a slate',
        'Difference (95%)',
        ...(isOn ? ['Decide'] : []),
      ],
      rows,
    ),
    intervals(arms),
    isOn && state !== 'stopped'
      ? decisionButton('Stop', `Serve the set policy to everybody again?`, async () => {
          await decide(`/console/experiments/${encodeURIComponent(name)}/stop`);
          await refresh();
          return 'Stopped.';
        })
      : null,
  ].filter((part) => part !== null);
}

function promotion({ name, state, promoted }, arm, refresh) {
  if (state === 'promoted' && promoted === arm.name) return 'promoted';
  return decisionButton(`Promote ${arm.name}`, 'Serve it to everybody?', async () => {
    await decide(`/console/experiments/${encodeURIComponent(name)}/promote`, { arm: arm.name });
    await refresh();
    return 'Promoted.';
  });
}

function interval({ isKnown, difference, low, high }) {
  if (!isKnown || difference === undefined) return 'too few users';
  const signed = (value) => `${value >= 0 ? '+' : '−'}${Math.abs(value).toFixed(4)}`;
  return `${signed(difference)} (${signed(low)} to ${signed(high)})`;
}

/** The differences as bars around 0; the table before says the same in numbers. */
function intervals(arms) {
  const known = arms.filter(({ low }) => low !== undefined);
  if (known.length === 0) return null;
  const reach = Math.max(...known.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)])) || 1;
  const at = (value) => `${(50 + (value / reach) * 48).toFixed(2)}%`;
  return h(
    'div',
    { class: 'bars', 'aria-hidden': 'true' },
    known.map(({ name, low, high, difference }) => {
      const bar = h('span', { class: 'bar' });
      bar.style.left = at(low);
      bar.style.width = `calc(${at(high)} - ${at(low)})`;
      const middle = h('span', { class: 'middle' });
      middle.style.left = at(difference);
      return h('div', { class: 'row' }, h('span', {}, name), h('div', { class: 'track' }, bar, middle));
    }),
  );
}

function startForm(refresh) {
  const name = h('input', {
    name: 'name',
    required: true,
    pattern: '[a-z0-9][a-z0-9\\-]{0,63}',
    autocomplete: 'off',
  });
  const arms = h('textarea', { name: 'arms', rows: '3', required: true }, 'control\nnew=greedy:0.5');
  const status = h('p', { role: 'status' });
  return h(
    'form',
    {
      async onsubmit(event) {
        event.preventDefault();
        try {
          const wish = { name: name.value, arms: arms.value.split('\n').filter(Boolean).map(parseArm) };
          await decide('/console/experiments', wish);
          // The page of the new one; where it is open already, it is shown again.
          const page = `#/experiments/${encodeURIComponent(wish.name)}`;
          if (location.hash === page) await refresh();
          else location.hash = page;
        } catch (error) {
          status.className = 'bad';
          status.textContent = error.message;
        }
      },
    },
    h('label', {}, 'Name', name),
    h('label', {}, 'Arms, one a line: name=policy:share; the first is the control', arms),
    h('button', {}, 'Start'),
    status,
  );
}

/** `new=thompson(draws=16):0.5`; without a policy that which rerank is set to, the share is 1 by default. */
function parseArm(text) {
  const match = /^\s*([^=:()]+?)(?:=([^=:()]*(?:\([^:()]*\))?))?(?::([\d.]+))?\s*$/.exec(text);
  if (match === null) throw new Error(`“${text}” is no arm: write name=policy:share.`);
  return { name: match[1], policy: match[2] ?? '', share: Number(match[3] ?? 1) };
}
