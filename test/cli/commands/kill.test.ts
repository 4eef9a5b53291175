import { spawn } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isAlive } from '../../../src/system/processes.ts';
import { HELLO } from '../../client/fake-daemon.ts';
import { done } from '../../client/samples.ts';
import { daemon, jsonLines, lb, withoutDaemon } from './daemon.ts';

/** No process has it. */
const NOBODY = 2_147_483_646;

function shutsDown(pid: number, then: () => void): void {
  daemon.on('GET /v1/hello', { json: { ...HELLO, pid } });
  daemon.on('POST /v1/shutdown', (response) => {
    response.end(`${JSON.stringify(done('all apps stopped'))}\n`);
    then();
  });
}
const another = { json: { ...HELLO, pid: 1 } };

describe('kill', () => {
  it('waits until the daemon is gone', async () => {
    shutsDown(NOBODY, () => setTimeout(() => daemon.on('GET /v1/hello', another), 50));
    expect(await lb('kill')).toEqual({ code: 0, out: 'all apps stopped\n', err: '' });
    expect(daemon.answers.get('GET /v1/hello')).toEqual(another);
  });

  it('waits for the end of its process too', async () => {
    const { pid = 0 } = spawn(process.execPath, ['-e', 'process.stdin.resume()']).on('error', () => {});
    onTestFinished(() => void (isAlive(pid) && process.kill(pid)));
    let ended = false;
    shutsDown(pid, () => {
      daemon.on('GET /v1/hello', another);
      setTimeout(() => (ended = process.kill(pid)), 50);
    });
    expect(await lb('kill')).toMatchObject({ code: 0 });
    expect([ended, isAlive(pid)]).toEqual([true, false]);
  });

  it('is no failure without a daemon', async () => {
    expect(await withoutDaemon('kill')).toMatchObject({ code: 0, out: '' });
    expect(jsonLines((await withoutDaemon('kill --json')).out)).toEqual([{ type: 'result', ok: true, apps: [], message: 'no daemon is running' }]);
  });
});
