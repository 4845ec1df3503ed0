import { decide, decisionButton, mayDecide } from './decide.js';
import { api, h, time } from './dom.js';

/** Rejected messages by kind, with the remedy, and what sends them back. */
export async function show(page, _path, signal) {
  const [kinds, isOn] = await Promise.all([api('/console/dead-letters', { signal }), mayDecide()]);
  page.append(h('h2', {}, 'Dead letters'));
  if (kinds.length === 0) {
    page.append(h('p', { class: 'good' }, 'There are none.'));
    return;
  }
  for (const { topic, code, stage, count, cut, last, remedy, smallest } of kinds) {
    page.append(
      h('h3', {}, `${count} × ${code} in ${topic}`),
      h('p', {}, smallest.reason),
      h('p', { class: 'quiet' }, `Rejected by ${stage}, last ${time(last)}. ${remedy ?? ''}`),
      h('pre', {}, `smallest: dead-letters ${smallest.partition}:${smallest.offset}, key ${smallest.key}`),
      cut === count
        ? h(
            'p',
            { class: 'quiet' },
            'The letters hold only the beginning of their messages, so none can be sent back.',
          )
        : isOn
          ? decisionButton(
              `Requeue ${count - cut}`,
              `Send ${count - cut} messages to ${topic} again?`,
              async () => {
                const { requeued } = await decide('/console/dead-letters/requeue', { topic, code, stage });
                return `${requeued} sent back to ${topic}; what is still wrong comes back here.`;
              },
            )
          : h('pre', {}, `npx tributary topics requeue --topic ${topic} --code ${code} --stage ${stage}`),
    );
  }
}
