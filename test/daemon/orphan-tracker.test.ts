import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { OrphanTracker } from '../../src/daemon/orphan-tracker.ts';
import { makeEvent } from '../../src/protocol/event.ts';

const events: string[] = [];
const children: ChildProcess[] = [];
afterEach(() => {
  events.length = 0;
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const remainsOf = (killTimeoutMs: number): OrphanTracker =>
  new OrphanTracker({
    app: 'api',
    killTimeoutMs: () => killTimeoutMs,
    event: (kind, message, ...more) => void events.push(`${kind}: ${message} ${JSON.stringify(more[1])}`),
  });

function worker(first = ''): number {
  const child = spawn(process.execPath, ['-e', `${first}; setInterval(() => {}, 1000); console.log('up')`], { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  return child.pid ?? 0;
}

const CUT_OFF = 'operation: stop was interrupted: its primary ended {"operation":"stop","ok":false}';
const ENDED = 'ended: the app is stopped {"state":"stopped"}';
const begin = makeEvent('api', 1, 'operation-begin', 'stop begins', undefined, { operation: 'stop' });

it('tells of the operation at once, and of the end when the last worker is gone', async () => {
  const remains = remainsOf(60_000);
  remains.heard(begin);
  remains.lost([worker()]);
  expect(events).toEqual([CUT_OFF]);
  const said: string[] = [];
  const gone = remains.gone(false, ({ message }) => said.push(message));
  expect(said).toEqual(['api: its primary is gone; 1 worker finishes alone, within kill_timeout']);
  children[0]?.kill('SIGKILL');
  await gone;
  expect(events).toEqual([CUT_OFF, ENDED]);
  await remains.gone(false);
  expect(events).toHaveLength(2);
});

it('kills whoever hangs beyond kill_timeout, and all at once when told to', async () => {
  const late = remainsOf(-1_000);
  late.lost([worker()]);
  await late.gone(false);
  const patient = remainsOf(60_000);
  patient.lost([worker(), worker()]);
  await Promise.all([patient.gone(false), patient.gone(true)]);
  expect(events).toEqual([ENDED, ENDED]);
});

it('of an app that is being stopped, asks them at three quarters of the time and kills them at its end, those of a later primary too', async () => {
  const stopping = remainsOf(60_000);
  stopping.lost([worker("process.on('SIGCONT', () => process.exit(7))"), worker()]);
  const exits = children.map(async (child) => once(child, 'exit'));
  await Promise.all(children.map(async (child) => once(child.stdout ?? child, 'data')));
  const began = performance.now();
  stopping.leave(800);
  stopping.leave(5_000);
  expect(await exits[0]).toEqual([7, null]);
  expect(performance.now() - began).toBeGreaterThan(550);
  stopping.lost([worker()]);
  expect(await exits[1]).toEqual([null, 'SIGKILL']);
  await stopping.gone(false);
  expect(performance.now() - began).toBeLessThan(2_000);
  // The limit ends with the stop.
  stopping.lost([worker()]);
  const said: string[] = [];
  void stopping.gone(false, ({ message }) => said.push(message));
  expect(said).toEqual([expect.stringContaining('within kill_timeout')]);
});

it('has nothing to tell when another primary has come, or an operation had ended', async () => {
  const remains = remainsOf(60_000);
  remains.heard(begin);
  remains.heard(makeEvent('api', 1, 'operation', 'stopped', undefined, { operation: 'stop', ok: true }));
  remains.lost([]);
  remains.taken('reload');
  await remains.gone(false);
  expect(events).toEqual([]);
});
