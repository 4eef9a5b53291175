import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeDaemon } from '../client/fake-daemon.ts';
import { app } from '../client/samples.ts';
import { lb, type Ran } from './run.ts';

let daemon: FakeDaemon;
beforeEach(async () => {
  daemon = new FakeDaemon();
  await daemon.listen();
});
afterEach(() => daemon.stop());

/** Runs it until something was shown that many times, then presses Ctrl-C. */
function watch(times: number, argv: readonly string[], columns?: number, rows?: number): Promise<Ran> {
  let interrupt = (): void => {};
  let shown = 0;
  return lb(['list', '--watch', ...argv], {
    home: daemon.home,
    env: { NO_COLOR: '1' },
    ...(columns === undefined ? {} : { columns }),
    ...(rows === undefined ? {} : { rows }),
    onReady: (listener) => (interrupt = listener),
    onOutput: () => ++shown >= times && interrupt(),
  });
}

it('shows the list again over the one before, until Ctrl-C', async () => {
  let asked = 0;
  daemon.on('GET /v1/apps', (response) => void response.end(JSON.stringify({ apps: [app({ restarts: ++asked })] })));
  // The screen is cleared once, then shown twice.
  const { code, out, err } = await watch(3, [], 100);
  expect([code, err]).toEqual([130, '']);
  expect(out.match(/\u001b\[2J/g)).toHaveLength(1);
  const frames = out.split('\u001b[H').slice(1);
  expect(frames).toHaveLength(2);
  for (const frame of frames) expect(frame).toMatch(/^\u001b\[\?7lname[^\n]*\u001b\[K\n[^\n]*api[^\n]*\u001b\[K\n\u001b\[J\u001b\[\?7h$/);
});

it('says how many lines have no room', async () => {
  daemon.on('GET /v1/apps', { json: { apps: Array.from({ length: 20 }, (_, n) => app({ name: `api-${n}` })) } });
  const { out } = await watch(2, [], 100, 10);
  const lines = (out.split('\u001b[H')[1] ?? '').trimEnd().split('\n');
  expect(lines.filter((line) => line.includes('api-'))).toHaveLength(7);
  expect(lines.at(-2)).toContain('… 13 more lines');
});

it('outlives a daemon that is away for a moment', async () => {
  let asked = 0;
  daemon.on('GET /v1/apps', (response) => (++asked === 1 ? void response.destroy() : void response.end(JSON.stringify({ apps: [app()] }))));
  const { code, out } = await watch(2, []);
  expect(code).toBe(130);
  expect(out).toMatch(/^error: [^]*\nname[^]*\napi/);
});

it('prints a line of JSON with --json for whatever is new', async () => {
  let asked = 0;
  daemon.on('GET /v1/apps', (response) => void response.end(JSON.stringify({ apps: [app({ restarts: ++asked })] })));
  const { out } = await watch(2, ['--json']);
  expect(out.trimEnd().split('\n').map((line) => (JSON.parse(line) as unknown[]).length)).toEqual([1, 1]);
});

it('says the same once where it is no terminal', async () => {
  let asked = 0;
  daemon.on('GET /v1/apps', (response) => void response.end(JSON.stringify({ apps: ++asked < 3 ? [] : [app()] })));
  const { out } = await watch(2, []);
  expect(out.match(/no apps yet/g)).toHaveLength(1);
  expect(out).toMatch(/api/);
});
