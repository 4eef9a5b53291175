import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { listenProblem } from '../../src/errors/listen-problem.ts';

const listen = (host: string, port: number): Promise<unknown> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen(port, host, () => resolve(server));
  });

it('says what is wrong with the address', async () => {
  const first = (await listen('127.0.0.1', 0)) as ReturnType<typeof createServer>;
  const { port } = first.address() as { port: number };
  expect(listenProblem(await listen('127.0.0.1', port))).toBe('the port is in use');
  first.close();
  expect(listenProblem(await listen('192.0.2.1', 0))).toBe('this machine has no such address');
  expect(listenProblem(new Error('bad luck'))).toBe('bad luck');
});
