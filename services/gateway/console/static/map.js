import { colourOf, s } from './dom.js';

const SIZE = { width: 560, height: 360, margin: 24 };

/** Little-endian float32 in base64. */
function vectorOf(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

const dot = (a, b) => a.reduce((sum, value, place) => sum + value * b[place], 0);

/** The direction in which the vectors differ most, by power iteration; `without` is left out. */
function direction(vectors, without) {
  let axis = new Float32Array(vectors[0].length).map((_, place) => Math.sin(place + 1));
  for (let round = 0; round < 30; round++) {
    const next = new Float32Array(axis.length);
    for (const vector of vectors) {
      const along = dot(vector, axis);
      for (let place = 0; place < next.length; place++) next[place] += along * vector[place];
    }
    if (without !== undefined) {
      const along = dot(next, without);
      for (let place = 0; place < next.length; place++) next[place] -= along * without[place];
    }
    const length = Math.hypot(...next) || 1;
    axis = next.map((value) => value / length);
  }
  return axis;
}

/** Places vectors in the plane of their two largest differences (principal components). */
export function project(encoded) {
  const entries = Object.entries(encoded).map(([id, base64]) => [id, vectorOf(base64)]);
  if (entries.length === 0) return new Map();
  const mean = new Float32Array(entries[0][1].length);
  for (const [, vector] of entries)
    for (let place = 0; place < mean.length; place++) mean[place] += vector[place] / entries.length;
  const centred = entries.map(([, vector]) => vector.map((value, place) => value - mean[place]));
  const first = direction(centred);
  const second = direction(centred, first);
  return new Map(
    entries.map(([id], place) => [id, [dot(centred[place], first), dot(centred[place], second)]]),
  );
}

/**
 * Draws the medoids as circles by importance and the shown items as squares in the colour of the interest that led to them.
 * @param points from `project`
 */
export function drawMap(points, medoids, items) {
  const xs = [...points.values()].map(([x]) => x);
  const ys = [...points.values()].map(([, y]) => y);
  const scale = (value, values, length) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return SIZE.margin + ((value - low) / (high - low || 1)) * (length - 2 * SIZE.margin);
  };
  const at = (id) => {
    const point = points.get(id);
    return point && [scale(point[0], xs, SIZE.width), scale(point[1], ys, SIZE.height)];
  };
  const marks = [];
  for (const { itemId, title, because } of items) {
    const place = at(itemId);
    if (place === undefined) continue;
    marks.push(
      s(
        'rect',
        {
          x: place[0] - 5,
          y: place[1] - 5,
          width: 10,
          height: 10,
          fill: because === null ? 'none' : colourOf(because.itemId),
          stroke: 'currentColor',
        },
        s('title', {}, title),
      ),
    );
  }
  for (const { itemId, title, share } of medoids) {
    const place = at(itemId);
    if (place === undefined) continue;
    marks.push(
      s(
        'circle',
        {
          cx: place[0],
          cy: place[1],
          r: 6 + 26 * Math.sqrt(share),
          fill: colourOf(itemId),
          'fill-opacity': 0.35,
          stroke: colourOf(itemId),
        },
        s('title', {}, title),
      ),
    );
    const anchor = place[0] > SIZE.width / 2 ? 'end' : 'start';
    marks.push(
      s(
        'text',
        { x: place[0], y: place[1] + 4, 'text-anchor': anchor },
        title.length > 28 ? `${title.slice(0, 27)}…` : title,
      ),
    );
  }
  return s(
    'svg',
    {
      viewBox: `0 0 ${SIZE.width} ${SIZE.height}`,
      width: SIZE.width,
      height: SIZE.height,
      role: 'img',
      'aria-label':
        'Interests as circles by importance, shown items as squares, near where their vectors are near',
    },
    ...marks,
  );
}

const ROW = 26;

/** Draws the actions of the window over time, one row a type, each in the colour of its item. */
export function drawTimeline(actions, now) {
  const types = [...new Set(actions.map(({ type }) => type))].sort();
  const first = Math.min(now - 60_000, ...actions.map(({ occurredAt }) => occurredAt));
  const left = 70;
  const x = (at) => left + ((at - first) / (now - first)) * (SIZE.width - left - 10);
  const height = types.length * ROW + 24;
  const rows = types.flatMap((type, row) => [
    s('text', { x: 4, y: row * ROW + 20 }, type),
    s('line', { class: 'rule', x1: left, x2: SIZE.width - 10, y1: row * ROW + 16, y2: row * ROW + 16 }),
  ]);
  const dots = actions.map(({ itemId, type, occurredAt }) =>
    s(
      'circle',
      {
        cx: x(occurredAt),
        cy: types.indexOf(type) * ROW + 16,
        r: 5,
        fill: colourOf(itemId),
        'fill-opacity': 0.8,
      },
      s('title', {}, `${type} ${itemId}`),
    ),
  );
  const day = (at) => new Date(at).toISOString().slice(0, 16).replace('T', ' ');
  const ends = [
    s('text', { x: left, y: height - 4 }, day(first)),
    s('text', { x: SIZE.width - 10, y: height - 4, 'text-anchor': 'end' }, 'now'),
  ];
  return s(
    'svg',
    {
      viewBox: `0 0 ${SIZE.width} ${height}`,
      width: SIZE.width,
      height,
      role: 'img',
      'aria-label': `${actions.length} actions over time, by type`,
    },
    ...rows,
    ...dots,
    ...ends,
  );
}
