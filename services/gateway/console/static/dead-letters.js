import { api, h, time } from './dom.js';

/** Rejected messages by kind, with the remedy and the command that sends them back. */
export async function show(page, _path, signal) {
  const kinds = await api('/console/dead-letters', { signal });
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
      h(
        'pre',
        {},
        `smallest: dead-letters ${smallest.partition}:${smallest.offset}, key ${smallest.key}\n${cut < count ? `npx tributary topics requeue --topic ${topic} --code ${code} --stage ${stage}` : 'The letters hold only the beginning of their messages.'}`,
      ),
    );
  }
}
