import uPlot from '../uplot/uPlot.esm.js';
import { h, table } from './dom.js';

const HEIGHT = 220;
const widthOf = (element) => Math.max(280, element.clientWidth);

/** Seconds that the chart shows. */
const SHOWN = 120;

/** Events that flow through the stages: rate, lag and freshness, second by second. */
export async function show(page, _path, signal) {
  const status = h('p', { class: 'quiet', role: 'status' }, 'Waiting for the first second …');
  const chart = h('div', {
    class: 'chart',
    role: 'img',
    'aria-label': 'Messages a second by topic, over two minutes',
  });
  const freshness = h('div');
  const groups = h('div');
  page.append(
    h('h2', {}, 'Overview'),
    status,
    h('h3', {}, 'Messages a second'),
    chart,
    h(
      'div',
      { class: 'columns' },
      h('section', {}, h('h3', {}, 'Freshness by hop'), freshness),
      h('section', {}, h('h3', {}, 'Who reads, and how far behind'), groups),
    ),
  );

  const intervals = [];
  let plot;
  const source = new EventSource('/console/events');
  const width = new ResizeObserver(() => plot?.setSize({ width: widthOf(chart), height: HEIGHT }));
  width.observe(chart);
  signal.addEventListener('abort', () => {
    source.close();
    width.disconnect();
    plot?.destroy();
  });
  source.addEventListener('error', () => {
    status.textContent = 'The gateway does not answer; trying again …';
  });
  source.addEventListener('interval', ({ data }) => {
    const interval = JSON.parse(data);
    intervals.push(interval);
    if (intervals.length > SHOWN) intervals.shift();
    status.textContent = sentence(interval);
    plot = draw(chart, intervals, plot);
    freshness.replaceChildren(hopTable(interval.hops));
    groups.replaceChildren(groupTable(interval.groups));
  });
}

function sentence({ groups, hops }) {
  const actions = groups.find(({ topic }) => topic.endsWith('actions'))?.written ?? 0;
  const lag = groups.reduce((sum, group) => sum + group.lag, 0);
  const fresh = hops.find(({ hop }) => hop === 'accepted → proposals');
  const age = fresh === undefined ? '' : ` An action is in proposals after ${fresh.p50} ms (p50).`;
  return `${actions} actions a second, ${lag} messages wait.${age}`;
}

/** The rate at which each topic is written; a topic that several groups read stands there once. */
function rates(intervals) {
  const topics = [...new Set(intervals.flatMap(({ groups }) => groups.map(({ topic }) => topic)))].sort();
  const rows = topics.map((topic) =>
    intervals.map(({ groups }) => groups.find((group) => group.topic === topic)?.written ?? null),
  );
  return { topics, data: [intervals.map(({ at }) => at / 1000), ...rows] };
}

const COLOURS = ['#2f6fde', '#d9822b', '#2e9e5b', '#b03fb5', '#c23b3b', '#1d9aa8'];

function draw(element, intervals, plot) {
  const { topics, data } = rates(intervals);
  if (plot !== undefined && plot.series.length === topics.length + 1) {
    plot.setData(data);
    return plot;
  }
  plot?.destroy();
  const ink = getComputedStyle(document.documentElement).getPropertyValue('--ink');
  const axis = { stroke: ink, grid: { width: 0.5 } };
  return new uPlot(
    {
      width: widthOf(element),
      height: HEIGHT,
      series: [
        {},
        ...topics.map((label, place) => ({ label, stroke: COLOURS[place % COLOURS.length], width: 2 })),
      ],
      axes: [axis, axis],
      scales: {
        x: { range: (_, _low, high) => [high - SHOWN, high] },
        y: { range: (_, _low, high) => [0, Math.max(1, high)] },
      },
    },
    data,
    element,
  );
}

function hopTable(hops) {
  if (hops.length === 0) return h('p', { class: 'quiet' }, 'Nothing has passed in this second.');
  return table(
    'Freshness by hop',
    ['Hop', 'Messages', 'p50 ms', 'p99 ms'],
    hops.map(({ hop, messages, p50, p99 }) => [hop, messages, p50, p99]),
  );
}

function groupTable(groups) {
  if (groups.length === 0) return h('p', { class: 'quiet' }, 'No stage has read a topic yet.');
  return table(
    'Groups',
    ['Group', 'Topic', 'Written/s', 'Read/s', 'Lag'],
    groups.map(({ group, topic, written, read, lag }) => [group, topic, written, read, lag]),
  );
}
