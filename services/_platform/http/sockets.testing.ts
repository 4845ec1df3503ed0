import { connect } from 'node:net';

/**
 * Sends bytes over a connection of its own and returns all that the server answers until it closes the connection.
 * @param bytes as text in latin1, so that each character is one byte
 */
export function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.setEncoding('utf8');
    socket.on('data', (text) => {
      answer += text;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

/** The status line and the parsed JSON body of an answer to `exchange`. */
export function parseAnswer(answer: string): { status: number; head: string; body: never } {
  const end = answer.indexOf('\r\n\r\n');
  const head = answer.slice(0, end);
  const text = answer.slice(end + 4);
  return { status: Number(head.split(' ')[1]), head: head.toLowerCase(), body: JSON.parse(text) as never };
}
