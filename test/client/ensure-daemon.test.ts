import { EventEmitter } from 'node:events';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reachDaemon, type Reached, type StartDaemon, type StartingDaemon } from '../../src/client/ensure-daemon.ts';
import type { Need } from '../../src/lifecycle/daemon-need.ts';
import { acquireLock } from '../../src/system/lock.ts';
import { homePaths } from '../../src/system/paths.ts';
import { startTimeOf } from '../../src/system/processes.ts';
import { FakeDaemon } from './fake-daemon.ts';

class Child extends EventEmitter implements StartingDaemon {
  exitCode: number | null = null;
  signalCode: string | null = null;
}

const notes: string[] = [];
const reach = (need: Need, start: StartDaemon): Promise<Reached | null> => reachDaemon(daemon.address, { need, start, note: (text) => notes.push(text) });
const ensureDaemon = async (_: unknown, start: StartDaemon): Promise<Reached> => {
  const reached = await reach('start', start);
  if (reached === null) throw new Error('no daemon');
  return reached;
};

let daemon: FakeDaemon;
beforeEach(() => {
  notes.length = 0;
  daemon = new FakeDaemon();
});
afterEach(() => daemon.stop());

describe('a command that needs a daemon', () => {
  it('takes the daemon that runs', async () => {
    await daemon.listen();
    const { channel } = await ensureDaemon(daemon.address, () => expect.unreachable());
    channel.close();
  });

  it('starts one and waits until it answers', async () => {
    const calls: unknown[] = [];
    const { hello, channel } = await ensureDaemon(daemon.address, (...args) => {
      calls.push(args);
      setTimeout(() => void daemon.listen(), 60);
      return new Child();
    });
    channel.close();
    expect(hello.name).toBe('lb');
    expect(calls).toEqual([[daemon.home, daemon.address.daemonLog]]);
  });

  it('takes the other daemon when its own lost the race', async () => {
    const { channel } = await ensureDaemon(daemon.address, () => {
      const child = new Child();
      child.exitCode = 4;
      setTimeout(() => void daemon.listen(), 60);
      return child;
    });
    channel.close();
  });

  it('fails early with what the daemon wrote since its start', async () => {
    writeFileSync(daemon.address.daemonLog, 'from the last time\n');
    const child = new Child();
    const started = performance.now();
    const failing = ensureDaemon(daemon.address, () => {
      appendFileSync(daemon.address.daemonLog, 'error: state.json is unreadable\n');
      child.exitCode = 1;
      return child;
    });
    await expect(failing).rejects.toMatchObject({
      code: 'LB_ERR_DAEMON_UNREACHABLE',
      message: expect.stringContaining('it ended with exit code 1 while it started') as string,
      output: ['error: state.json is unreadable'],
    });
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('tells when there is nothing to start', async () => {
    const child = new Child();
    const failing = ensureDaemon(daemon.address, () => {
      setImmediate(() => child.emit('error', new Error('spawn node ENOENT')));
      return child;
    });
    await expect(failing).rejects.toMatchObject({ message: expect.stringContaining('it could not be started: spawn node ENOENT') as string });
  });
});

describe('without a daemon', () => {
  const never: StartDaemon = () => expect.unreachable();
  const starts: StartDaemon = () => {
    void daemon.listen();
    return new Child();
  };
  const record = (content: object): void => {
    const { primaries } = homePaths(daemon.home);
    mkdirSync(primaries, { recursive: true });
    writeFileSync(join(primaries, 'api.json'), JSON.stringify(content));
  };
  const recordLiving = (): void => record({ pid: process.pid, startTime: startTimeOf(process.pid), apps: ['api'] });

  it.each<Need>(['read', 'change'])('where nothing runs and nothing is defined, a command to %s starts none', async (need) => {
    record({ pid: 2_147_483_646, startTime: 1, apps: ['api'] });
    expect(await reach(need, never)).toBeNull();
  });

  it('only a command that changes something starts one for apps that do not run', async () => {
    writeFileSync(homePaths(daemon.home).state, '{}');
    expect(await reach('read', never)).toBeNull();
    const reached = await reach('change', starts);
    expect(reached?.isNew).toBe(true);
    reached?.channel.close();
  });

  it('waits for the one that living apps bring back', async () => {
    recordLiving();
    setTimeout(() => void daemon.listen(), 100);
    const reached = await reach('read', never);
    expect(reached?.isNew).toBe(false);
    reached?.channel.close();
  });

  it('starts one itself if they take too long', async () => {
    recordLiving();
    const begunAt = performance.now();
    (await reach('read', starts))?.channel.close();
    expect(performance.now() - begunAt).toBeGreaterThan(1_500);
    expect(performance.now() - begunAt).toBeLessThan(3_000);
  });

  it('waits while one holds the lock that does not listen', async () => {
    const lock = await acquireLock(daemon.home);
    setTimeout(() => void daemon.listen(), 200);
    (await reach('start', never))?.channel.close();
    lock?.release();
  });
});
