import { connect } from 'node:net';

const PAUSE_MS = 1_000;
const BODY = JSON.stringify({ userId: 'slow', n: 5 });

/** Sends a request whose body arrives byte by byte, so that it is under way while the server is asked to stop. @returns its end */
export function sendSlowly(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const headers = `host: localhost\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}`;
  socket.write(`POST /slates HTTP/1.1\r\n${headers}\r\n\r\n`);
  let sent = 0;
  const timer = setInterval(() => socket.write(BODY.slice(sent, ++sent)), PAUSE_MS);
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      resolve();
    });
  });
}
