import { dirname } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { homePaths } from '../../src/system/paths.ts';

afterEach(() => void vi.unstubAllEnvs());

describe('homePaths', () => {
  it('puts everything into the home', () => {
    expect(homePaths('/h')).toEqual({
      home: '/h',
      socket: '/h/lb.sock',
      attach: '/h/attach.sock',
      daemonLog: '/h/daemon.log',
      daemonPid: '/h/daemon.pid',
      state: '/h/state.json',
      runState: '/h/run-state.json',
      totals: '/h/totals.json',
      metrics: '/h/metrics.json',
      share: '/h/share.json',
      upgrade: '/h/upgrade.json',
      logs: '/h/logs',
      lineTimes: '/h/line-times',
      primaries: '/h/primaries',
      profiles: '/h/profiles',
      events: '/h/events.ndjson',
    });
  });

  it('has a short socket path for a long home, the same in every environment', () => {
    const fits = `/${'h'.repeat(98)}`;
    expect(homePaths(fits).socket).toBe(`${fits}/lb.sock`);
    const long = `/${'ä'.repeat(60)}`;
    const { socket } = homePaths(long);
    expect(socket).toMatch(new RegExp(`^/tmp/lb-${process.getuid?.()}-[0-9a-f]{14}-0/lb\\.sock$`));
    vi.stubEnv('XDG_RUNTIME_DIR', '/run/user/1');
    vi.stubEnv('TMPDIR', '/var/tmp');
    expect(homePaths(long).socket).toBe(socket);
    expect(homePaths(`${long}x`).socket).not.toBe(socket);
    // That of the primaries is longer by some letters.
    expect([homePaths(fits).attach, homePaths(long).attach].map(dirname)).toEqual([expect.stringMatching(/^\/tmp\/lb-/), dirname(socket)]);
  });
});
