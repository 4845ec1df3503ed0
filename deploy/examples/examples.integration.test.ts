import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { aSlate, aSlot } from '#contracts/domain/records.testing.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import { type StageProcess, startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { readTopicsConfig } from '#topics/config.ts';
import { readTopic } from '#topics/reader.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { buildClient, buildKafkaProducer, CLIENT_BUILD } from '../client/build.ts';
import { bringParts, PROJECT } from '../local/parts.mjs';

const run = promisify(execFile);
const PAGES = join(import.meta.dirname, 'pages');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const NO_CHROMIUM = existsSync(CHROMIUM)
  ? false
  : `there is no ${CHROMIUM}: install Chromium, or set CHROMIUM to its path`;
const DOCUMENT = readFileSync(join(PROJECT, 'services/docs/producing-events.md'), 'utf8');
/** The commands of the page, one block each. */
const COMMANDS = Array.from(DOCUMENT.matchAll(/^```sh\n([\s\S]*?)^```$/gm), ([, block = '']) => block.trim());
const SLOTS = ['oats', 'milk', 'tea'].map((itemId) => aSlot({ itemId, explanation: 'popular right now' }));

describe('the examples of producing events, and the commands of their page', () => {
  let test: TestNamespace;
  let gateway: StageProcess;
  let peers: Server;
  let shop: Server;
  let shopUrl: string;
  let servers: ReturnType<typeof readTopicsConfig>;

  before(async () => {
    servers = readTopicsConfig(process.env);
    test = await openTestNamespace();
    await Promise.all([test.apply(), buildClient(), buildKafkaProducer()]);
    peers = createServer(({ url = '' }, response) => {
      const answer = url.startsWith('/slates')
        ? aSlate({ userId: 'ann', slateId: 'slate-1', slots: SLOTS })
        : { items: {} };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
    shop = createServer(({ url = '' }, response) => {
      const { pathname } = new URL(url, 'http://shop');
      const isClient = pathname === '/tributary.js';
      const path = isClient ? join(CLIENT_BUILD, 'browser.js') : join(PAGES, pathname);
      if (!existsSync(path)) return response.writeHead(404).end();
      response.writeHead(200, { 'content-type': isClient ? 'text/javascript' : 'text/html' });
      response.end(readFileSync(path));
    });
    const [peerUrl, ownUrl] = await Promise.all([listen(peers), listen(shop)]);
    shopUrl = ownUrl;
    gateway = await startStageProcess('gateway', {
      TRIBUTARY_NAMESPACE: test.namespace,
      TRIBUTARY_RERANK_URL: peerUrl,
      TRIBUTARY_INTERESTS_URL: peerUrl,
      TRIBUTARY_INDEX_URL: peerUrl,
      TRIBUTARY_GATEWAY_CORS_ORIGINS: shopUrl,
    });
  });

  after(async () => {
    await gateway.stop();
    for (const server of [peers, shop]) {
      server.closeAllConnections();
      server.close();
    }
    await test.close();
  });

  /** The actions of a user in the log, once `isComplete` holds for them. */
  function logged(
    isComplete: (actions: readonly UserAction[]) => boolean,
    userId: string,
  ): Promise<UserAction[]> {
    const read = async () => {
      const actions: UserAction[] = [];
      await readTopic({
        kafka: test.kafka,
        topic: test.topicOf('actions'),
        from: { at: 'beginning' },
        async onMessage({ value }) {
          const action = (await test.codec.decode('UserAction', value!)) as UserAction;
          if (action.userId === userId) actions.push(action);
        },
      });
      return isComplete(actions) ? actions : undefined;
    };
    return waitFor(() => read().catch(() => undefined), {
      message: `the actions of ${userId} are in the log`,
    });
  }

  it('a service tracks each line of an order, once however often the order is sent', async () => {
    const service = spawn(process.execPath, ['deploy/examples/orders-service.ts', gateway.url], {
      cwd: PROJECT,
    });
    const output = linesOf(service);
    const port = await waitFor(() => /port: (\d+)/.exec(output())?.[1], { message: 'the service listens' });
    const lines = [1, 2].map((quantity) => ({ itemId: `i${quantity}`, quantity }));
    const body = JSON.stringify({ orderId: '7', userId: 'bob', lines });
    for (let time = 0; time < 2; time++) {
      const { status } = await fetch(`http://127.0.0.1:${port}/orders`, { method: 'POST', body });
      assert.equal(status, 201);
    }
    const ended = new Promise((resolve) => service.once('exit', resolve));
    service.kill('SIGTERM');
    assert.equal(await ended, 0);
    const actions = await logged(({ length }) => length >= 4, 'bob');
    assert.deepEqual([...new Set(actions.map(({ eventId }) => eventId))].toSorted(), [
      'order-7-0',
      'order-7-1',
    ]);
  });

  it('a page tracks its view although it is closed at once', { skip: NO_CHROMIUM }, async () => {
    await inChromium(`${shopUrl}/plain.html?gateway=${gateway.url}&user=cyd`, async (page) => {
      // The script has run, and its first batch has not been sent.
      await page.goto('about:blank');
    });
    const [view] = await logged(({ length }) => length > 0, 'cyd');
    assert.deepEqual([view!.itemId, view!.type], ['oats', 'view']);
  });

  it('a shop tracks impressions, clicks and purchases with their slate and slot', {
    skip: NO_CHROMIUM,
  }, async () => {
    await inChromium(`${shopUrl}/shop.html?gateway=${gateway.url}&user=ann`, async (page) => {
      await page.locator('li button').nth(1).click();
      await page.locator('#state', { hasText: 'accepted' }).waitFor();
      await page.locator('#checkout').click();
      await page.locator('h1', { hasText: 'Thank you' }).waitFor();
    });
    const actions = await logged((found) => found.some(({ type }) => type === 'buy'), 'ann');
    const distinct = new Map(actions.map((action) => [action.eventId, action]));
    assert.deepEqual(
      [...distinct.values()]
        .map(({ type, itemId, slateId, slot }) => `${type} ${itemId} ${slateId} ${slot}`)
        .toSorted(),
      [
        'buy milk slate-1 1',
        'click milk slate-1 1',
        'impression milk slate-1 1',
        'impression oats slate-1 0',
        'impression tea slate-1 2',
      ],
    );
  });

  it('every command of the page runs, and the actions that it sends are in the log', async () => {
    // The libraries are needed here also where the brokers are somewhere else.
    const { KAFKA_BROKERS: _, ...withoutBrokers } = process.env;
    const { 'peer:confluent-kafka': peer, kafka } = await bringParts(['peer:confluent-kafka', 'kafka'], {
      quiet: true,
      env: withoutBrokers,
    });
    const hasCompiler = await canCompile(kafka!.java);
    assert.ok(COMMANDS.length >= 7);
    const env = {
      ...process.env,
      KAFKA_BROKERS: servers.brokers.join(','),
      SCHEMA_REGISTRY_URL: servers.registryUrl,
      TRIBUTARY_NAMESPACE: test.namespace,
    };
    for (const command of COMMANDS) {
      const [namespace, here] = [test.namespace, gateway.url.replace('http://', '')];
      const adapted = command
        .replaceAll('localhost:18080', here)
        .replaceAll(
          '127.0.0.1:19092 http://127.0.0.1:18081/apis/ccompat/v7',
          `${env.KAFKA_BROKERS} ${env.SCHEMA_REGISTRY_URL} ${namespace}`,
        )
        .replace(/^python3/, peer!.python)
        .replace(/^java -cp 'kafka\/libs\/\*'/, `${kafka!.java} -cp '${kafka!.libraries}/*'`);
      if (command.startsWith('java ') && !hasCompiler) continue;
      await run('bash', ['-ec', adapted], { cwd: PROJECT, env }).catch(
        (error: { stdout: string; stderr: string }) =>
          assert.fail(`${adapted}\n${error.stdout}\n${error.stderr}`),
      );
    }
    const actions = await logged(({ length }) => length >= (hasCompiler ? 4 : 3), '2375');
    assert.deepEqual([...new Set(actions.map(({ eventId }) => eventId))].toSorted(), [
      ...(hasCompiler ? ['java-order-7-0'] : []),
      'kafka-order-7-0',
      'order-7-0',
      'python-order-7-0',
    ]);
    await logged(({ length }) => length >= 5, 'u1');
  });
});

/** A Java without a compiler runs Kafka, but no source file. */
async function canCompile(java: string): Promise<boolean> {
  return (await run(java, ['--list-modules'])).stdout.includes('jdk.compiler');
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function linesOf(child: ChildProcess): () => string {
  let text = '';
  child.stdout?.on('data', (chunk) => (text += String(chunk)));
  child.stderr?.on('data', (chunk) => (text += String(chunk)));
  return () => text;
}

type OpenPage = Awaited<ReturnType<Awaited<ReturnType<typeof chromium.launch>>['newPage']>>;

/** Opens a page, and fails if it complains on its console. */
async function inChromium(url: string, work: (page: OpenPage) => Promise<void>): Promise<void> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => {
      const isIcon = message.location().url.endsWith('favicon.ico');
      if (message.type() === 'error' && !isIcon) complaints.push(message.text());
    });
    await page.goto(url, { waitUntil: 'load' });
    await work(page);
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
  }
}
