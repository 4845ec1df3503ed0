import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { waitFor } from '#platform/testing/wait-for.ts';
import { freePort } from '../../local/ports.ts';
import { startProxy, type TcpProxy } from './proxy.ts';

let server: Server;
let proxy: TcpProxy;
let received = '';

before(async () => {
  const port = await freePort();
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      received += bytes;
      socket.write(`re:${bytes}`);
    });
  }).listen(port, '127.0.0.1');
  proxy = await startProxy(await freePort(), () => port);
});
beforeEach(() => {
  received = '';
  proxy.set({ kind: 'pass' });
});
after(() => {
  proxy.close();
  server.close();
});

async function open(): Promise<{ socket: Socket; answer: () => string; isClosed: () => boolean }> {
  const socket = connect(proxy.port, '127.0.0.1');
  let text = '';
  let closed = false;
  socket.on('data', (bytes) => {
    text += bytes;
  });
  socket.on('close', () => {
    closed = true;
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, answer: () => text, isClosed: () => closed };
}

test('bytes pass in both directions', async () => {
  const { socket, answer } = await open();
  socket.write('hello');
  await waitFor(() => answer() === 're:hello', { message: 'the answer' });
  socket.destroy();
});

test('what a black hole holds back arrives when it ends, also from a client that has left', async () => {
  const [stays, leaves] = [await open(), await open()];
  stays.socket.write('a');
  await waitFor(() => stays.answer() === 're:a', { message: 'a connection to the server' });
  proxy.set({ kind: 'black-hole' });
  stays.socket.write('b');
  leaves.socket.write('late');
  await once(leaves.socket.end(), 'finish');
  leaves.socket.destroy();
  assert.equal(received, 'a');
  proxy.set({ kind: 'pass' });
  await waitFor(() => stays.answer() === 're:are:b' && received.includes('late'), { message: 'both' });
  stays.socket.destroy();
});

test('a lost answer closes the connection, and its request has arrived', async () => {
  proxy.set({ kind: 'lose-answers' });
  const { socket, answer, isClosed } = await open();
  socket.write('write');
  await waitFor(isClosed, { message: 'the end of the connection' });
  assert.equal(received, 'write');
  assert.equal(answer(), '');
});

test('delayed bytes keep their order when the delay ends', async () => {
  proxy.set({ kind: 'delay', ms: 60_000 });
  const { socket, answer } = await open();
  socket.write('1');
  proxy.set({ kind: 'pass' });
  socket.write('2');
  await waitFor(() => answer().replaceAll('re:', '') === '12', { message: 'both in order' });
  socket.destroy();
});

test('a cut closes connections, and a refusal new ones too', async () => {
  const first = await open();
  first.socket.write('x');
  await waitFor(() => first.answer() !== '', { message: 'an answer' });
  proxy.cut();
  await waitFor(first.isClosed, { message: 'the cut' });
  proxy.set({ kind: 'refuse' });
  const second = await open();
  await waitFor(second.isClosed, { message: 'the refusal' });
});
