/** Clients at work, until they are told to end; says when the first of them have had answers. Half of them keep their connections. */
import { Agent, get } from 'node:http';
import { parentPort } from 'node:worker_threads';

const CLIENTS = 8;
const PORT = 3000;
/** After a failure, as a client would. */
const PAUSE_MS = 20;
/** Answers, after which they are at work. */
const AT_WORK = 20;

const failed = {};
let [requests, answered, isOver] = [0, 0, false];

const ask = (agent) =>
  new Promise((resolve) => {
    requests++;
    const fail = (kind) => {
      failed[kind] = (failed[kind] ?? 0) + 1;
      setTimeout(resolve, PAUSE_MS);
    };
    const asking = get({ host: '127.0.0.1', port: PORT, path: '/', agent, timeout: 15_000 }, (response) => {
      response.on('data', () => {});
      response.on('error', (error) => fail(error.code ?? 'cut short'));
      response.on('end', () => {
        if (response.statusCode !== 200) return fail(`status ${response.statusCode}`);
        if (++answered === AT_WORK) parentPort.postMessage('at work');
        resolve();
      });
    });
    asking.on('timeout', () => asking.destroy(Object.assign(new Error('timeout'), { code: 'timeout' })));
    asking.on('error', (error) => fail(error.code ?? error.message));
  });

async function client(agent) {
  while (!isOver) await ask(agent);
  agent.destroy();
}

const clients = Array.from({ length: CLIENTS }, (_, index) => client(new Agent({ keepAlive: index % 2 === 0, maxSockets: 1 })));
parentPort.once('message', () => {
  isOver = true;
  void Promise.all(clients).then(() => parentPort.postMessage({ requests, failed }));
});
