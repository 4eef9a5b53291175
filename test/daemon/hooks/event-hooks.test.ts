import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { EventHooks } from '../../../src/daemon/hooks/event-hooks.ts';
import type { AppSpec } from '../../../src/lifecycle/app-spec.ts';
import type { EventHookSpec } from '../../../src/lifecycle/event-hook.ts';
import { makeEvent, type LbEvent } from '../../../src/protocol/event.ts';
import { isAlive } from '../../helpers/processes.ts';
import { waitFor } from '../../helpers/wait.ts';
import { sampleSpec } from '../../lifecycle/sample-spec.ts';
import { tempHome } from '../temp-home.ts';

let home: string;
let failures: string[];
let hooks: EventHooks;

beforeEach(() => {
  home = tempHome();
  failures = [];
});
afterEach(() => hooks.close(0));

function create(hook: Partial<EventHookSpec>, timeoutMs = 10_000): void {
  const spec = sampleSpec({
    cwd: home,
    env: { PATH: process.env['PATH'] ?? '', GREETING: 'hello' },
    onEvent: { run: null, url: null, kinds: null, severity: 'info', ...hook },
  });
  hooks = new EventHooks({
    apps: () => ['api', 'bare', 'twin'],
    specOf: (app) => (app === 'bare' ? undefined : spec),
    failed: (app, message) => failures.push(`${app}: ${message}`),
    timeoutMs,
    retryDelaysMs: [5, 5],
  });
}

const event = (id = 1): LbEvent => ({ id, ...makeEvent('api', 1_790_000_000_000, 'eject', 'worker 0 is "out"', { slot: 0, pid: 77 }) });
const text = (name: string): string => readFileSync(join(home, name), 'utf8');

async function listen(answer: (request: IncomingMessage, body: string, response: ServerResponse) => void): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => void (body += chunk.toString()));
    request.on('end', () => answer(request, body, response));
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?a=1`;
}

describe('a command', () => {
  it('gets the event on stdin and in variables, with the environment and directory of the app', async () => {
    create({
      run: 'cat > in.json; echo "$GREETING $LB_EVENT_KIND $LB_EVENT_SEVERITY $LB_EVENT_SLOT $LB_EVENT_PID $LB_EVENT_ID $LB_EVENT_AT" > vars; echo "$LB_EVENT_MESSAGE" > done',
    });
    hooks.happened(event());
    await waitFor('the command', () => text('done') !== '');
    expect(JSON.parse(text('in.json'))).toEqual(event());
    expect(text('vars')).toBe('hello eject warn 0 77 1 2026-09-21T14:13:20.000Z\n');
    expect(text('done')).toBe('worker 0 is "out"\n');
  });

  it('gets the events of no app too, once for all apps that have the same one', async () => {
    create({ run: 'echo "$LB_EVENT_KIND [$LB_EVENT_APP]" >> seen', kinds: ['memory-pressure', 'eject'] });
    hooks.happened({ id: 1, ...makeEvent(null, 1_790_000_000_000, 'memory-pressure', '9 of 10 MB are used') });
    await waitFor('the first', () => text('seen'));
    hooks.happened(event(2));
    await waitFor('the second', () => text('seen').includes('eject'));
    expect(text('seen')).toBe('memory-pressure []\neject [api]\n');
  });

  it('of another directory is another one, though it is written alike', async () => {
    const directories = { api: home, twin: tempHome() };
    const specOf = (app: string): AppSpec | undefined =>
      app === 'bare'
        ? undefined
        : sampleSpec({ cwd: directories[app as 'api' | 'twin'], env: {}, onEvent: { run: 'touch called', url: null, kinds: null, severity: 'info' } });
    hooks = new EventHooks({ apps: () => ['api', 'bare', 'twin'], specOf, failed: () => {} });
    hooks.happened({ id: 1, ...makeEvent(null, 1, 'memory-pressure', '9 of 10 MB are used') });
    await waitFor('both', () => Object.values(directories).every((directory) => existsSync(join(directory, 'called'))));
  });

  it('as a list of words is run without a shell', async () => {
    create({ run: ['sh', '-c', 'printf %s "$1" > words', 'sh', '$(id); "x"'] });
    hooks.happened(event());
    expect(await waitFor('the command', () => text('words'))).toBe('$(id); "x"');
  });

  it('that hangs is killed with its children when the daemon ends', async () => {
    create({ run: 'sleep 1000 & echo $! > child; wait' });
    hooks.happened(event());
    const pid = await waitFor('the child', () => Number(text('child')));
    await hooks.close(0);
    await waitFor('its end', () => !isAlive(pid));
    expect(failures).toEqual(['api: on_event run sleep 1000 & echo $! > child; wait: 1 event not delivered before the daemon ended']);
  });

  it.each([
    [['sh', '-c', 'echo "no such channel" >&2; exit 4'], 'exit code 4: no such channel'],
    [['./not-there'], 'spawn ./not-there ENOENT'],
    [['sleep', '1000'], 'not finished within 0.1 s'],
  ])('that fails is told: %j', async (run, reason) => {
    create({ run }, 100);
    hooks.happened(event());
    await waitFor('the third failure', () => failures.length > 0);
    expect(failures).toEqual([`api: on_event run ${run.join(' ')}: 1 event could not be delivered in 3 tries (${reason})`]);
  });
});

describe('a URL', () => {
  it('is posted the event', async () => {
    const posted: [string, string, unknown][] = [];
    const url = await listen((request, body, response) => {
      posted.push([request.method ?? '', request.url ?? '', JSON.parse(body)]);
      response.writeHead(204).end();
    });
    create({ url });
    hooks.happened(event());
    await waitFor('the request', () => posted.length > 0);
    expect(posted).toEqual([['POST', '/hook?a=1', event()]]);
  });

  it('that refuses is tried three times', async () => {
    let requests = 0;
    const url = await listen((_request, _body, response) => {
      requests++;
      response.writeHead(503).end();
    });
    create({ url });
    hooks.happened(event());
    await waitFor('the failure', () => failures.length > 0);
    expect(requests).toBe(3);
    expect(failures).toEqual([`api: on_event url ${url.replace('?a=1', '')}: 1 event could not be delivered in 3 tries (status 503)`]);
  });

  it('that never answers is given up after the time', async () => {
    const url = await listen(() => {});
    create({ url }, 100);
    hooks.happened(event());
    await waitFor('the failure', () => failures.length > 0);
    expect(failures[0]).toContain('(not finished within 0.1 s)');
  });
});

it('is not called for events of others, and not for what it does not want', async () => {
  let requests = 0;
  const url = await listen((_request, _body, response) => {
    requests++;
    response.end();
  });
  create({ url, severity: 'warn' });
  hooks.happened({ ...event(), app: 'bare' });
  hooks.happened({ ...event(), severity: 'info' });
  hooks.happened({ id: 3, ...makeEvent('api', 1, 'hook-failed', 'it failed') });
  hooks.happened(event());
  await waitFor('the request', () => requests > 0);
  await hooks.close(5_000);
  expect(requests).toBe(1);
});

describe('what happened before its hook was taken away', () => {
  const specs = new Map<string, AppSpec>();

  function define(url: string | null): void {
    specs.set('api', sampleSpec({ onEvent: url === null ? null : { run: null, url, kinds: null, severity: 'info' } }));
  }

  /** A hook whose answers are given by the test; `posted` are the ids of what it was given. */
  async function heldHook(): Promise<{ posted: number[]; held: ServerResponse[]; answer: (status: number) => void }> {
    const [posted, held]: [number[], ServerResponse[]] = [[], []];
    let status: number | null = null;
    const url = await listen((_request, body, response) => {
      posted.push((JSON.parse(body) as LbEvent).id);
      if (status === null) held.push(response);
      else response.writeHead(status).end();
    });
    define(url);
    hooks = new EventHooks({
      apps: () => [...specs.keys()],
      specOf: (app) => specs.get(app),
      failed: (app, message) => failures.push(`${app}: ${message}`),
      retryDelaysMs: [5, 5],
    });
    const answer = (given: number): void => {
      status = given;
      for (const response of held.splice(0)) response.writeHead(given).end();
    };
    return { posted, held, answer };
  }

  const remove = (): void => {
    specs.delete('api');
    hooks.forget('api');
  };

  it.each([
    ['the app is deleted', remove],
    ['a reload removes it', () => define(null)],
  ])('is told to the hook as it was, when %s', async (_, takeAway) => {
    const { posted, held, answer } = await heldHook();
    for (const id of [1, 2, 3, 4, 5, 6, 7]) hooks.happened(event(id));
    await waitFor('the first four', () => held.length === 4);
    takeAway();
    held.shift()?.writeHead(503).end();
    answer(200);
    await waitFor('all, the first that was refused once more', () => posted.length === 8);
    await hooks.close(5_000);
    expect([...new Set(posted)].sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(failures).toEqual([]);
  });

  it('goes to the hook as it is defined now, when it has another', async () => {
    const { held, answer } = await heldHook();
    for (const id of [1, 2, 3, 4, 5]) hooks.happened(event(id));
    await waitFor('the first four', () => held.length === 4);
    const posted: number[] = [];
    define(await listen((_request, body, response) => {
      posted.push((JSON.parse(body) as LbEvent).id);
      response.end();
    }));
    answer(200);
    await waitFor('the fifth', () => posted.length === 1);
    expect(posted).toEqual([5]);
  });

  it('is told of with the name of the hook when it fails, and nothing is kept of an app that was deleted', async () => {
    const { held, answer } = await heldHook();
    const name = `api: on_event url ${specs.get('api')?.onEvent?.url?.replace('?a=1', '') ?? ''}`;
    for (const id of [1, 2, 3, 4, 5, 6]) hooks.happened(event(id));
    await waitFor('the first four', () => held.length === 4);
    remove();
    answer(500);
    // The others are told when the last is given up, not a minute later.
    await waitFor('both messages', () => failures.length === 2);
    expect(failures).toEqual([
      `${name}: 1 event could not be delivered in 3 tries (status 500)`,
      `${name}: 5 events could not be delivered in 3 tries (status 500)`,
    ]);
  });

  it('is told as not delivered when the daemon ends', async () => {
    const { held } = await heldHook();
    for (const id of [1, 2, 3, 4, 5]) hooks.happened(event(id));
    await waitFor('the first four', () => held.length === 4);
    remove();
    await hooks.close(0);
    expect(failures).toEqual([expect.stringMatching(/^api: on_event url http:.*: 5 events not delivered before the daemon ended$/)]);
  });
});
