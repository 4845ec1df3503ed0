import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { KNOWN_ITEM, KNOWN_USER } from '../api/start-api.ts';
import { ARTIFACTS, type ConsolePage, openConsolePage, URL_OF_GATEWAY } from './console-page.ts';

/** Each page with what it shows when it is complete. */
const PAGES: ReadonlyArray<readonly [name: string, path: string, shows: string]> = [
  ['overview', '', 'table td'],
  ['user', `user/${KNOWN_USER}`, '.slate .card'],
  ['item', `item/${KNOWN_ITEM}`, '.slate .card'],
  ['bandit', 'bandit', 'main p'],
  ['experiments', 'experiments', 'main form'],
  ['releases', 'releases', 'table td'],
  ['dead-letters', 'dead-letters', 'main p'],
  ['topics', 'topics', '[role=log] pre'],
];

describe('the console in Chromium', () => {
  let console_: ConsolePage;
  let page: Page;

  before(async () => {
    console_ = await openConsolePage();
    page = console_.page;
  });
  after(() => console_.close());

  const open = (path: string, shows: string) => console_.open(path, shows);

  for (const [name, path, shows] of PAGES) {
    it(`the page ${name} is complete, without an error and without a serious finding of axe, in light, dark and phone width`, async () => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await open(path, shows);
        await page.screenshot({ path: join(ARTIFACTS, `${name}-${colorScheme}.png`) });
        assert.deepEqual(await console_.seriousFindings(), [], colorScheme);
      }
      await page.setViewportSize({ width: 390, height: 800 });
      await open(path, shows);
      await page.screenshot({ path: join(ARTIFACTS, `${name}-phone.png`) });
      assert.equal(
        await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
        true,
        'the page is as wide as the phone',
      );
      await page.setViewportSize({ width: 1200, height: 900 });
      await page.emulateMedia({ colorScheme: 'light' });
      assert.deepEqual(console_.complaints(), []);
    });
  }

  it('the overview shows what flows through the stages, with the rate, the lag and the time of each hop', async () => {
    await open('', '[aria-label="Groups"] td');
    let isSeen = false;
    const hop = page.locator('[aria-label="Freshness by hop"] td', { hasText: 'accepted → proposals' });
    const seen = hop
      .first()
      .waitFor({ timeout: 30_000 })
      .finally(() => (isSeen = true));
    for (let n = 0; !isSeen; n++) {
      await fetch(`${URL_OF_GATEWAY}/v1/actions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ userId: 'flow-user', itemId: KNOWN_ITEM, type: 'view', eventId: `flow-${n}` }),
      });
      await Promise.race([seen, delay(200)]);
    }
    await seen;
    assert.match(
      (await page.locator('[role=status]').first().textContent())!,
      /\d+ actions a second, \d+ messages wait/,
    );
    const groups = await page.locator('[aria-label="Groups"]').textContent();
    assert.match(groups!, /interests.*actions/s);
  });

  it('an action on an item changes the slate on the page', async () => {
    await open(`user/${KNOWN_USER}`, '.slate .card');
    const took: number[] = [];
    for (const type of ['buy', 'view', 'save', 'hide', 'buy']) {
      const slate = page.locator('ol.slate');
      const version = await slate.getAttribute('data-version');
      const acted = await page.locator('.log li').count();
      const titles = await page.locator('.card h4 a').allTextContents();
      await page.locator(`.card button[data-act^="${type} "]`).first().click();
      await page.locator('.log li').nth(acted).waitFor();
      assert.notEqual(await slate.getAttribute('data-version'), version, 'the slate reflects the action');
      took.push(Number(await page.locator('.log li').first().getAttribute('data-took')));
      const changed = await page.locator('.card h4 a').allTextContents();
      // The item itself is left out of the next slate, because the user knows it now.
      if (type === 'buy') assert.notDeepEqual(changed, titles);
    }
    await page.screenshot({ path: join(ARTIFACTS, 'user-after-actions.png') });
    console.log(`the slate reflected the clicks after ${took.join(', ')} ms`);
    assert.deepEqual(console_.complaints(), []);
  });

  it('a person can act with the keyboard alone', async () => {
    await open(`user/${KNOWN_USER}`, '.slate .card');
    await page.locator('.card button').first().focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('.log li');
    const tag = await page.evaluate('document.activeElement.tagName');
    assert.equal(tag, 'BUTTON', 'the focus stays in the slate');
  });

  it('a user without an action is shown a slate too, and a text from the log is never read as HTML', async () => {
    await open(`user/${encodeURIComponent('<img src=x onerror=alert(1)>')}`, '.slate .card');
    // Pictures of the catalogue are the only ones.
    assert.equal(await page.locator('main img:not(.picture), main img[onerror]').count(), 0);
    assert.deepEqual(
      console_.complaints().filter((text) => !text.includes('404')),
      [],
    );
  });

  it('a user and an item whose ids are dots are looked at and acted as, though paths lose such ids', async () => {
    const item = { itemId: '..', title: 'Dots', categories: ['Dairy'] };
    const put = await fetch(`${URL_OF_GATEWAY}/v1/items`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([item]),
    });
    assert.equal(put.status, 202);
    await open(`user/${encodeURIComponent('..')}`, '.slate .card');
    await page.locator('.card button[data-act^="buy "]').first().click();
    await page.locator('.log li').first().waitFor();
    await open(`user/${encodeURIComponent('..')}`, '.interests:visible > li:not(.quiet)');
    while (!(await fetch(`${URL_OF_GATEWAY}/v1/items?itemId=..`)).ok);
    const read = (await (await fetch(`${URL_OF_GATEWAY}/v1/items?itemId=..`)).json()) as typeof item;
    assert.deepEqual([read.title, read.categories], [item.title, item.categories]);
    await page.evaluate("location.hash = '#/item/..'");
    await page.getByText(/^“\.\.” has no vector in/).waitFor();
    assert.deepEqual(
      console_.complaints().filter((text) => !text.includes('404')),
      [],
    );
  });

  it('a topic is followed live, by key and filter, and an impossible filter is said', async () => {
    await open('topics', '[role=log] pre');
    const lines = page.locator('[role=log] pre');
    await page.getByLabel('Key', { exact: true }).fill('tail-user');
    await page.getByLabel('Filter', { exact: true }).fill('type=save');
    await page.getByRole('button', { name: 'Follow' }).click();
    await page.getByText('Following actions').waitFor();
    const actions = [
      ['tail-user', 'save', 'wanted'],
      ['tail-user', 'view', 'of-another-type'],
      ['other-user', 'save', 'of-another-key'],
      ['tail-user', 'save', 'wanted-too'],
    ].map(([userId, type, itemId]) => ({ userId, type, itemId }));
    const posted = await fetch(`${URL_OF_GATEWAY}/v1/actions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(actions),
    });
    assert.equal(posted.status, 202);
    await lines.nth(1).waitFor();
    const texts = (await lines.allTextContents()).join('\n');
    assert.match(texts, /wanted-too[\s\S]*"wanted"/, 'the newest on top');
    assert.doesNotMatch(texts, /of-another/);
    await page.getByLabel('Filter', { exact: true }).fill('kind');
    await page.getByRole('button', { name: 'Follow' }).click();
    await page.getByText(/The gateway refuses: check the filter/).waitFor();
  });

  it('recommendations keep to a filter by categories, attributes and excluded items', async () => {
    const shown = async (query: string) => {
      const answer = await fetch(
        `${URL_OF_GATEWAY}/v1/recommendations?userId=${KNOWN_USER}&n=20&probe=true&${query}`,
      );
      assert.equal(answer.status, 200);
      return ((await answer.json()) as { items: Array<{ itemId: string; title: string }> }).items;
    };
    const all = await shown('');
    const fruit = await shown('category=Fruit');
    assert.ok(
      fruit.length > 0 && fruit.every(({ title }) => title.startsWith('Fruit')),
      JSON.stringify(fruit),
    );
    const [first] = all;
    const others = await shown(`exclude=${encodeURIComponent(first!.itemId)}`);
    assert.ok(others.length > 0 && others.every(({ itemId }) => itemId !== first!.itemId));
    const brand = await shown('attribute=brand:Store&category=Dairy&category=Fruit');
    // Items at even places of the catalogue are of the store's own brand.
    assert.ok(brand.length > 0 && brand.every(({ title }) => Number(/\d+$/.exec(title)![0]) % 2 === 0));
    assert.deepEqual(
      (await shown('category=fruit')).length > 0,
      true,
      'the case of a category does not count',
    );
    assert.deepEqual(await shown('category=Unknown'), []);
    const explained = await fetch(
      `${URL_OF_GATEWAY}/v1/recommendations?userId=${KNOWN_USER}&probe=true&explain=true&category=Diary&attribute=brand:store`,
    );
    const { explain } = (await explained.json()) as { explain: { unknown: string[] } };
    assert.deepEqual(explain.unknown, ['Diary']);
  });

  it('the first paint is soon', async () => {
    await open('', 'h2');
    const paint = (await page.evaluate(
      "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1",
    )) as number;
    console.log(`first contentful paint after ${Math.round(paint)} ms`);
    assert.notEqual(paint, -1);
  });

  it('the API is rendered at /docs', async () => {
    await page.goto(`${URL_OF_GATEWAY}/docs`);
    await page.getByText('/v1/recommendations').first().waitFor();
    await page.screenshot({ path: join(ARTIFACTS, 'docs.png') });
    assert.deepEqual(console_.complaints(), []);
  });
});
