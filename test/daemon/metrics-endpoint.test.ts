import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { MetricsEndpoint } from '../../src/daemon/metrics-endpoint.ts';
import { Unwritten } from '../../src/daemon/unwritten.ts';
import { request } from '../helpers/http.ts';
import { freePort } from '../helpers/ports.ts';
import { waitFor } from '../helpers/wait.ts';
import { tempHome } from './temp-home.ts';

const open: MetricsEndpoint[] = [];
const logged: string[] = [];
const failures: string[] = [];
afterEach(() => {
  for (const endpoint of open.splice(0)) endpoint.close();
});

function endpointOf(file: string, text = (): Promise<string> => Promise.resolve('lb_build_info 1\n')): MetricsEndpoint {
  const endpoint = new MetricsEndpoint({
    file,
    text,
    log: (message) => logged.push(message),
    reports: new Unwritten((message) => logged.push(message)),
    holder: async () => 'pid 7 (node old.js)',
    failed: (message) => failures.push(message),
  });
  open.push(endpoint);
  return endpoint;
}

const fileIn = (): string => join(tempHome(), 'metrics.json');

it('serves the text, on loopback when only a port is given, and in the next daemon too', async () => {
  const [file, port] = [fileIn(), await freePort()];
  const first = endpointOf(file);
  expect(await first.move({ listen: { host: null, port } })).toBe(`http://127.0.0.1:${port}/metrics`);
  expect(await request('/metrics?a=b', { port })).toMatchObject({
    status: 200,
    body: 'lb_build_info 1\n',
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
  });
  expect((await request('/metrics', { port, method: 'HEAD' })).body).toBe('');
  first.close();
  await expect(request('/metrics', { port })).rejects.toThrow('ECONNREFUSED');
  endpointOf(file).restore();
  await waitFor('the next one to serve', async () => (await request('/metrics', { port })).status === 200);
});

it('stays where it is when the new port is taken, and is off when it is told to be', async () => {
  const [file, port] = [fileIn(), await freePort()];
  const endpoint = endpointOf(file);
  await endpoint.move({ listen: { host: '127.0.0.1', port } });
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const taken = (other.address() as { port: number }).port;
  await expect(endpoint.move({ listen: { host: '127.0.0.1', port: taken } })).rejects.toThrow(
    `cannot serve the metrics at 127.0.0.1:${taken}: the port is in use by pid 7 (node old.js)`,
  );
  other.close();
  expect((await request('/metrics', { port })).status).toBe(200);
  expect(await endpoint.move({ listen: { host: '127.0.0.1', port } })).toContain(String(port));
  expect(await endpoint.move({ listen: null })).toBeNull();
  await expect(request('/metrics', { port })).rejects.toThrow('ECONNREFUSED');
  endpointOf(file).restore();
  await expect(request('/metrics', { port })).rejects.toThrow('ECONNREFUSED');
});

it('tries again until a port that was taken is free', async () => {
  const [file, port] = [fileIn(), await freePort()];
  const first = endpointOf(file);
  await first.move({ listen: { host: '127.0.0.1', port } });
  const second = endpointOf(file);
  second.restore();
  const url = `http://127.0.0.1:${port}/metrics`;
  await waitFor('the second one to find it taken', () =>
    failures.some((message) => message.includes(`${port}: the port is in use by pid 7 (node old.js); retrying every second`)),
  );
  expect(second.state).toEqual({ url, problem: 'the port is in use by pid 7 (node old.js)' });
  first.close();
  await waitFor('the second one to serve', async () => (await request('/metrics', { port })).status === 200);
  expect(second.state).toEqual({ url, problem: null });
});

it('answers 500, and says why in the log, when there is no text', async () => {
  const port = await freePort();
  await endpointOf(fileIn(), () => Promise.reject(new Error('out of order'))).move({ listen: { host: '127.0.0.1', port } });
  expect((await request('/metrics', { port })).status).toBe(500);
  expect(logged.at(-1)).toBe('metrics: out of order');
});

it('takes another spelling of where it is', async () => {
  const [file, port] = [fileIn(), await freePort()];
  const endpoint = endpointOf(file);
  await endpoint.move({ listen: { host: null, port } });
  for (const host of ['127.0.0.1', 'localhost', '0.0.0.0', null]) {
    await endpoint.move({ listen: { host, port } });
    expect((await request('/metrics', { port })).status).toBe(200);
  }
});

it('answers only who names this machine, also in the next daemon', async () => {
  const [file, port] = [fileIn(), await freePort()];
  const first = endpointOf(file);
  await first.move({ listen: { host: null, port }, hosts: ['metrics.internal'] });
  const status = async (host: string): Promise<number> => (await request('/metrics', { port, headers: { host } })).status;
  const rebound = `attacker.example:${port}`;
  expect([await status(`127.0.0.1:${port}`), await status('localhost'), await status(`metrics.internal:${port}`), await status(rebound)]).toEqual([
    200, 200, 200, 403,
  ]);
  expect((await request('/metrics', { port, headers: { host: rebound } })).body).toContain('"attacker.example');
  first.close();
  endpointOf(file).restore();
  await waitFor('the next one to serve', async () => (await status('metrics.internal')) === 200);
  expect(await status(rebound)).toBe(403);
});
