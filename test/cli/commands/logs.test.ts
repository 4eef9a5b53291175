import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { LogLine } from '../../../src/protocol/control.ts';
import { app } from '../../client/samples.ts';
import { daemon, jsonLines, lb } from './daemon.ts';

describe('logs', () => {
  const line = (slot: number, at: number, text: string, stream: 'out' | 'err' = 'out'): LogLine => ({ app: 'api', slot, pid: 1, stream, at, text });

  it('prints the last lines in order', async () => {
    daemon.on('GET /v1/apps/api/logs?lines=15', { json: { lines: [line(1, 20, 'second', 'err'), line(0, 10, 'first')] } });
    expect(await lb('logs api --no-follow')).toEqual({ code: 0, out: 'api[0] first\napi[1] second\n', err: '' });
    expect((await lb('logs api --no-follow --err')).out).toBe('api[1] second\n');
    expect(jsonLines((await lb('logs api --no-follow --out --json')).out)).toEqual([line(0, 10, 'first')]);
  });

  it('follows, tells what was dropped, and ends with Ctrl-C', async () => {
    daemon.onLogs = (socket, url) => {
      expect(url).toBe('/v1/logs?lines=2');
      socket.send(JSON.stringify({ type: 'dropped', lines: 3 }));
      socket.send(JSON.stringify({ type: 'line', line: line(0, 10, 'live') }));
    };
    let interrupt = (): void => {};
    let outputs = 0;
    const ran = await lb('log --lines 2', { onReady: (given) => (interrupt = given), onOutput: () => ++outputs === 2 && interrupt() });
    expect(ran).toEqual({ code: 130, out: 'api[0] live\n', err: '3 lines skipped: output was read too slowly\n' });
  });

  it('begins with the files of an app that is stopped', async () => {
    const fromFile: LogLine = { app: 'docs', slot: 0, pid: 0, stream: 'out', at: 0, text: 'bye' };
    daemon.on('GET /v1/apps', { json: { apps: [app({ name: 'docs', state: 'stopped', ready: 0, healthy: 0, primaryPid: null })] } });
    daemon.on('GET /v1/apps/docs/logs?lines=15', { json: { lines: [fromFile] } });
    daemon.onLogs = (socket) => socket.send(JSON.stringify({ type: 'line', line: { ...fromFile, pid: 7, slot: 1, text: 'hello' } }));
    let interrupt = (): void => {};
    let outputs = 0;
    const ran = await lb('logs docs', { onReady: (given) => (interrupt = given), onOutput: () => ++outputs === 3 && interrupt() });
    expect(ran).toEqual({ code: 130, out: 'docs bye\ndocs[1] hello\n', err: 'docs is stopped; new lines appear here when it runs again\n' });
  });

  it('colours the prefix', async () => {
    daemon.on('GET /v1/apps/api/logs?lines=1', { json: { lines: [line(0, 10, 'x')] } });
    const { out } = await lb('logs api --no-follow --lines 1', { env: { FORCE_COLOR: '1' } });
    expect(stripVTControlCharacters(out)).toBe('api[0] x\n');
    expect(out).toContain('api[0]\u001b[39m x');
  });
});
