/** One page of Chromium on the console, as the tests of the browser share it. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { PICTURES } from '../api/start-api.ts';
import { PROJECT } from '../local/parts.mjs';

export const URL_OF_GATEWAY = process.env.TRIBUTARY_GATEWAY_URL!;
/** Pictures of the pages, ignored by git. */
export const ARTIFACTS = join(PROJECT, 'deploy/e2e/.artifacts');

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Stands for the pictures of the catalogue, which nothing here serves. */
const PICTURE =
  '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="#d9822b"/><circle cx="20" cy="20" r="12" fill="#fff"/></svg>';

interface AxeResult {
  readonly violations: ReadonlyArray<{
    readonly id: string;
    readonly impact: string;
    readonly nodes: ReadonlyArray<{ readonly html: string }>;
  }>;
}

export interface ConsolePage {
  readonly page: Page;
  /** Opens a page of the console, forgets the complaints, and waits until an element shows. */
  open(path: string, shows: string): Promise<void>;
  /** Errors on the page and in its console since it was opened. */
  complaints(): readonly string[];
  /** Serious findings of axe, each with its first element. */
  seriousFindings(): Promise<ReadonlyArray<readonly [string, string | undefined]>>;
  close(): Promise<void>;
}

export async function openConsolePage(): Promise<ConsolePage> {
  mkdirSync(ARTIFACTS, { recursive: true });
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM!, args: ARGUMENTS });
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
  const page = await context.newPage();
  let complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.route(`${PICTURES}/**`, (route) =>
    route.fulfill({ contentType: 'image/svg+xml', body: PICTURE }),
  );
  return {
    page,
    complaints: () => complaints,
    close: () => browser.close(),
    async open(path, shows) {
      complaints = [];
      await page.goto('about:blank');
      await page.goto(`${URL_OF_GATEWAY}/#/${path}`);
      await page.waitForSelector(shows);
    },
    async seriousFindings() {
      // The policy of the pages forbids scripts from elsewhere, so axe comes through the debugger.
      await page.evaluate(readFileSync(AXE, 'utf8'));
      const { violations } = (await page.evaluate(
        'axe.run(document, { resultTypes: ["violations"] })',
      )) as AxeResult;
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => [id, nodes[0]?.html]);
    },
  };
}
