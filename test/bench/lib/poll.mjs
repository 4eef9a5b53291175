import { connect } from 'node:net';

const EVERY_MS = 3;

/**
 * Opens a connection every 3 ms, each with one request, until an answer comes from a process that was not there before.
 * @param {number} port
 * @param {ReadonlySet<number>} known pids
 * @param {number} [deadlineMs]
 * @returns {Promise<number>} monotonic time of that answer, in ms, as `process.hrtime` has it
 */
export function firstAnswerOfAnother(port, known, deadlineMs = 20_000) {
  return new Promise((resolve, reject) => {
    const sockets = new Set();
    const end = () => {
      clearInterval(timer);
      clearTimeout(deadline);
      for (const socket of sockets) socket.destroy();
    };
    const ask = () => {
      let text = '';
      const socket = connect({ port, host: '127.0.0.1' });
      sockets.add(socket);
      socket.setEncoding('latin1');
      socket.on('connect', () => socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'));
      socket.on('data', (chunk) => (text += chunk));
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        const pid = Number(/\r\n\r\n(\d+)$/.exec(text)?.[1]);
        if (!(pid > 0) || known.has(pid)) return;
        end();
        resolve(monotonicMs());
      });
    };
    const timer = setInterval(ask, EVERY_MS);
    const deadline = setTimeout(() => {
      end();
      reject(new Error(`no answer from a new worker within ${deadlineMs / 1000} s`));
    }, deadlineMs);
    ask();
  });
}

/** Comparable between processes of one machine. */
export const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6;
