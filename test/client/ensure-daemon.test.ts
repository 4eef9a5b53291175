import { EventEmitter } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureDaemon, type StartingDaemon } from '../../src/client/ensure-daemon.ts';
import { FakeDaemon } from './fake-daemon.ts';

class Child extends EventEmitter implements StartingDaemon {
  exitCode: number | null = null;
  signalCode: string | null = null;
}

let daemon: FakeDaemon;
beforeEach(() => {
  daemon = new FakeDaemon();
});
afterEach(() => daemon.stop());

describe('ensureDaemon', () => {
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
