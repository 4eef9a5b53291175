import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createContext, type Context } from '../../src/cli/context.ts';
import { placeFor } from '../../src/cli/place.ts';
import { reportFailure } from '../../src/cli/failure.ts';
import type { Io } from '../../src/cli/io.ts';
import { watchList } from '../../src/cli/watch-list.ts';
import { LbError } from '../../src/errors/lb-error.ts';
import { FakeDaemon } from '../client/fake-daemon.ts';
import { app } from '../client/samples.ts';
import { lb, runWith, type Ran } from './run.ts';

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
  daemon.on('GET /v1/list', (response) => void response.end(JSON.stringify({ apps: [app({ restarts: ++asked })] })));
  // The screen is cleared once, then shown twice.
  const { code, out, err } = await watch(3, [], 100);
  expect([code, err]).toEqual([130, '']);
  expect(out.match(/\u001b\[2J/g)).toHaveLength(1);
  const frames = out.split('\u001b[H').slice(1);
  expect(frames).toHaveLength(2);
  for (const frame of frames) expect(frame).toMatch(/^\u001b\[\?7lname[^\n]*\u001b\[K\n[^\n]*api[^\n]*\u001b\[K\n\u001b\[J\u001b\[\?7h$/);
});

it('says how many lines have no room', async () => {
  daemon.on('GET /v1/list', { json: { apps: Array.from({ length: 20 }, (_, n) => app({ name: `api-${n}` })) } });
  const { out } = await watch(2, [], 100, 10);
  const lines = (out.split('\u001b[H')[1] ?? '').trimEnd().split('\n');
  expect(lines.filter((line) => line.includes('api-'))).toHaveLength(7);
  expect(lines.at(-2)).toContain('… 13 more lines');
});

describe('what is not the list', () => {
  const lost = new LbError('LB_ERR_DAEMON_LOST');
  const message = `error: ${lost.message}\n`;
  const looks: Record<string, (context: Context) => number> = {
    list: ({ json, print }) => (print(json ? '[1]' : 'name'), 0),
    lost: () => {
      throw lost;
    },
    none: ({ json, print, note }) => (json ? print('[]') : undefined, note('no daemon runs'), 0),
  };

  /** Shows these one after another, without a pause. */
  async function watched(order: readonly string[], json: boolean, columns?: number): Promise<Ran> {
    let interrupt = (): void => {};
    let turn = 0;
    const run = async (_argv: readonly string[], io: Io): Promise<number> => {
      const context = await createContext(io, 'list', { args: [], options: { json }, appArgs: [] }, ['list'], placeFor(io));
      const show = async (given: Context): Promise<number> => {
        const look = looks[order[turn++] ?? ''];
        if (turn === order.length) interrupt();
        return look?.(given) ?? 0;
      };
      return await watchList(context, show, 0).catch((thrown: unknown) => reportFailure(thrown, [], io));
    };
    return await runWith(run, [], {
      home: daemon.home,
      env: { NO_COLOR: '1' },
      ...(columns === undefined ? {} : { columns }),
      onReady: (listener) => (interrupt = listener),
    });
  }

  it('goes to stderr, once per change, without the advice to run it again', async () => {
    expect(await watched(['list', 'lost', 'lost', 'list', 'lost', 'none', 'none'], false)).toEqual({
      code: 130,
      out: 'name\nname\n',
      err: `${message}${message}no daemon runs\n`,
    });
  });

  it('is none of the lines with --json', async () => {
    expect(await watched(['none', 'none', 'list', 'lost', 'lost'], true)).toEqual({ code: 130, out: '[]\n[1]\n', err: `no daemon runs\n${message}` });
    expect(await watched(['lost'], true, 200)).toEqual({ code: 130, out: '', err: message });
  });

  it('stands on the screen of a terminal', async () => {
    const { out, err } = await watched(['none', 'lost', 'list'], false, 200);
    expect(err).toBe('');
    expect(
      out
        .split('\u001b[H')
        .slice(1)
        .map((frame) => frame.replace(/\u001b\[\??\d*[a-zA-Z]/g, '')),
    ).toEqual(['no daemon runs\n', message, 'name\n']);
  });
});

it('outlives a daemon that is away for a moment', async () => {
  let asked = 0;
  daemon.on('GET /v1/list', (response) => (++asked === 1 ? void response.destroy() : void response.end(JSON.stringify({ apps: [app()] }))));
  const { code, out, err } = await watch(2, []);
  expect(code).toBe(130);
  expect(err).toMatch(/^error: /);
  expect(out).toMatch(/^name[^]*\napi/);
});

it('prints a line of JSON with --json for whatever is new', async () => {
  let asked = 0;
  daemon.on('GET /v1/apps', (response) => void response.end(JSON.stringify({ apps: [app({ restarts: ++asked })] })));
  const { out } = await watch(2, ['--json']);
  expect(
    out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as unknown[]).length),
  ).toEqual([1, 1]);
});

it('says the same once where it is no terminal', async () => {
  let asked = 0;
  daemon.on('GET /v1/list', (response) => void response.end(JSON.stringify({ apps: ++asked < 3 ? [] : [app()] })));
  const { out, err } = await watch(3, []);
  expect(err.match(/no apps yet/g)).toHaveLength(1);
  expect(out).toMatch(/api/);
});
