import { api, colourOf, h } from './dom.js';

/** What is known of an item: its title, picture and category. Unknown items are asked for again. */
const known = new Map();

/** Looks up items together; where the index does not answer, ids stand for titles. */
export async function looksOf(itemIds, signal) {
  const missing = [...new Set(itemIds)].filter((itemId) => !known.has(itemId)).slice(0, 500);
  if (missing.length > 0) {
    const found = await api('/console/items', { method: 'POST', body: { itemIds: missing }, signal }).catch(
      () => ({}),
    );
    for (const [itemId, look] of Object.entries(found)) known.set(itemId, look);
  }
  return (itemId) => known.get(itemId) ?? { title: itemId };
}

/** The look of an item that is known already. */
export const knownLook = (itemId) => known.get(itemId);

/** A picture, or the colour of the category with its first letters: a slate can be taken in at a glance. */
export function picture(look) {
  const { image, category, title } = look ?? {};
  const tile = () =>
    h(
      'span',
      {
        class: 'picture',
        group: category === undefined ? undefined : colourOf(category),
        'aria-hidden': 'true',
      },
      (category ?? title ?? '').slice(0, 2),
    );
  if (image === undefined) return tile();
  const element = h('img', {
    class: 'picture',
    src: image,
    alt: '',
    loading: 'lazy',
    referrerpolicy: 'no-referrer',
  });
  element.addEventListener('error', () => element.replaceWith(tile()), { once: true });
  return element;
}

/** Replaces the pictures below an element by those of the looks that have come meanwhile. */
export async function showPictures(element, signal) {
  const places = [...element.querySelectorAll('[data-picture]')];
  const lookOf = await looksOf(
    places.map(({ dataset }) => dataset.picture),
    signal,
  );
  for (const place of places) {
    const look = lookOf(place.dataset.picture);
    place.replaceChildren(picture(look));
    if (look.category !== undefined) place.title = look.category;
  }
}

/** The place of a picture; `showPictures` fills those whose look is not known yet. */
export function pictureOf(itemId) {
  return h('span', { 'data-picture': itemId }, picture(known.get(itemId)));
}
