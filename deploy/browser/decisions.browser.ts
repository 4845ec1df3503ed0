import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { API_GENERATION, FORMER_API_GENERATION, KNOWN_ITEM, KNOWN_USER } from '../api/start-api.ts';
import { ARTIFACTS, type ConsolePage, openConsolePage, URL_OF_GATEWAY } from './console-page.ts';

/** A change passes through the log and the stages. */
const SOON = { timeout: 30_000 };

describe('what people look at and decide in the console', () => {
  let console_: ConsolePage;
  let page: Page;

  before(async () => {
    console_ = await openConsolePage();
    page = console_.page;
  });
  after(() => console_.close());

  const confirm = async (button: string) => {
    await page.getByRole('button', { name: button, exact: true }).click();
    await page.getByRole('button', { name: 'Yes' }).click();
  };

  it('items have the picture of the catalogue, and otherwise the colour of their category', async () => {
    await console_.open(`user/${KNOWN_USER}`, '.slate img.picture');
    const slate = page.locator('ol.slate');
    await slate.locator('[data-picture][title]').first().waitFor();
    const [cards, pictures, tiles] = await Promise.all(
      ['.card', 'img.picture', 'span.picture'].map((selector) => slate.locator(selector).count()),
    );
    assert.equal(pictures! + tiles!, cards);
    assert.ok(pictures! > 0 && tiles! > 0, `${pictures} pictures and ${tiles} colours`);
    assert.deepEqual(console_.complaints(), []);
  });

  it('two proposers stand side by side with their whole lists, and say what both propose', async () => {
    await console_.open(`user/${KNOWN_USER}`, '.slate .card');
    await page.getByText('Two proposers side by side').click();
    await page.locator('section[aria-label^="proposed by"]').nth(1).waitFor();
    const [one, other] = [page.locator('select').nth(0), page.locator('select').nth(1)];
    const models = await one.locator('option').allTextContents();
    assert.ok(models.length >= 2, models.join());
    await one.selectOption(models[0]!);
    await other.selectOption(models[0]!);
    await page.getByText(/^(\d+) of \1 and \1 items are in both lists\.$/).waitFor();
    await other.selectOption(models[1]!);
    await page.locator(`section[aria-label="proposed by ${models[1]}"] li`).first().waitFor();
    assert.deepEqual(await console_.seriousFindings(), []);
    await page.screenshot({ path: join(ARTIFACTS, 'two-proposers.png'), fullPage: true });
  });

  it('an item shows who takes it, and its neighbours by each model', async () => {
    await console_.open(`item/${KNOWN_ITEM}`, '[aria-label="Last users"] td');
    await page.locator('section[aria-label="neighbours by medoid-neighbours"] li').first().waitFor();
    assert.match((await page.locator('[aria-label="Last users"]').textContent())!, new RegExp(KNOWN_USER));
    assert.deepEqual(console_.complaints(), []);
  });

  it('the bandit shows its weights, exploration and support once slates were served', async () => {
    for (let request = 0; request < 3; request++)
      assert.ok((await fetch(`${URL_OF_GATEWAY}/v1/recommendations?userId=${KNOWN_USER}`)).ok);
    await console_.open('bandit', '[aria-label="Support"] td');
    for (const title of ['Weights of the policy', 'Exploration', 'Support', 'Reward by model'])
      await page.getByRole('heading', { name: title }).waitFor();
    assert.deepEqual(await console_.seriousFindings(), []);
    assert.deepEqual(console_.complaints(), []);
    await page.screenshot({ path: join(ARTIFACTS, 'bandit-served.png'), fullPage: true });
  });

  it('an experiment starts, is read with its exposure, is promoted and stopped', async () => {
    await console_.open('experiments', 'main form');
    await page.getByLabel('Name', { exact: true }).fill('autumn');
    await page.getByLabel(/^Arms/).fill('control\nnew=neural');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText(/there is no policy neural/).waitFor();
    await page.getByLabel(/^Arms/).fill('control\nnew=greedy:0.5');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('heading', { name: /^autumn, running/ }).waitFor(SOON);
    const exposed = async () => {
      const answer = await fetch(`${URL_OF_GATEWAY}/v1/recommendations?userId=${KNOWN_USER}`);
      const report = await fetch(`${URL_OF_GATEWAY}/console/experiments/autumn`);
      const { arms } = (await report.json()) as { arms: Array<{ waiting: number; slates: number }> };
      return answer.ok && arms.some(({ waiting, slates }) => waiting + slates > 0);
    };
    while (!(await exposed()));
    await console_.open('experiments/autumn', '[aria-label="Arms"] td');
    assert.match(
      (await page.locator('[aria-label="Arms"]').textContent())!,
      /control.*the set policy.*newgreedy/s,
    );
    assert.deepEqual(await console_.seriousFindings(), []);
    await page.screenshot({ path: join(ARTIFACTS, 'experiment-running.png'), fullPage: true });
    await confirm('Promote new');
    await page.getByRole('heading', { name: /^autumn, promoted/ }).waitFor(SOON);
    await confirm('Stop');
    await page.getByRole('heading', { name: /^autumn, stopped/ }).waitFor(SOON);
    assert.deepEqual(
      console_.complaints().filter((text) => !text.includes('409')),
      [],
    );
  });

  it('a generation is rolled back and flipped to again, and a refusal says why', async () => {
    await console_.open('releases', 'table td');
    await confirm('Roll back');
    await page.locator('tr', { hasText: `${FORMER_API_GENERATION}active` }).waitFor(SOON);
    await page.locator('tr', { hasText: `${API_GENERATION}retired` }).waitFor(SOON);
    await confirm('Roll back');
    await page.getByText(/No retired generation is older/).waitFor(SOON);
    await confirm('Serve');
    await page.locator('tr', { hasText: `${API_GENERATION}active` }).waitFor(SOON);
    assert.deepEqual(await console_.seriousFindings(), []);
  });

  it('the dead letters of a kind are sent back, with the keyboard alone', async () => {
    await console_.open('dead-letters', '.decision button');
    await page.screenshot({ path: join(ARTIFACTS, 'dead-letters-one.png') });
    await page.locator('.decision button').first().focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Yes');
    await page.keyboard.press('Enter');
    await page.getByText(/^\s*1 sent back to proposals/).waitFor(SOON);
    assert.deepEqual(await console_.seriousFindings(), []);
    assert.deepEqual(console_.complaints(), []);
  });

  it('a page of another site cannot change anything, even where it knows the header', async () => {
    await page.goto('about:blank');
    const outcome = await page.evaluate(
      (url) =>
        fetch(`${url}/console/releases/rollback`, {
          method: 'POST',
          headers: { 'x-tributary-console': '1', 'content-type': 'application/json' },
          body: '{}',
        }).then(
          ({ status }) => String(status),
          () => 'blocked',
        ),
      URL_OF_GATEWAY,
    );
    assert.equal(outcome, 'blocked');
  });
});
