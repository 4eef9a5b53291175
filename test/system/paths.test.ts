import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureHome, homePaths, lbHome } from '../../src/system/paths.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lb-paths-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

describe('lbHome', () => {
  it('is $LB_HOME, made absolute, else in the home directory', () => {
    expect(lbHome({ LB_HOME: '/srv/lb', HOME: '/home/a' })).toBe('/srv/lb');
    expect(lbHome({ LB_HOME: 'here', HOME: '/home/a' })).toBe(join(process.cwd(), 'here'));
    expect(lbHome({ LB_HOME: '', HOME: '/home/a' })).toBe('/home/a/.lb');
    expect(lbHome({})).toBe(join(homedir(), '.lb'));
  });
});

describe('homePaths', () => {
  it('puts everything into the home', () => {
    expect(homePaths('/h')).toEqual({
      home: '/h',
      socket: '/h/lb.sock',
      attach: '/h/attach.sock',
      daemonLog: '/h/daemon.log',
      daemonPid: '/h/daemon.pid',
      state: '/h/state.json',
      totals: '/h/totals.json',
      metrics: '/h/metrics.json',
      share: '/h/share.json',
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
    expect(socket).toMatch(new RegExp(`^/tmp/lb-${process.getuid?.()}-[0-9a-f]{14}/lb\\.sock$`));
    vi.stubEnv('XDG_RUNTIME_DIR', '/run/user/1');
    vi.stubEnv('TMPDIR', '/var/tmp');
    expect(homePaths(long).socket).toBe(socket);
    expect(homePaths(`${long}x`).socket).not.toBe(socket);
    // That of the primaries is longer by some letters.
    expect([homePaths(fits).attach, homePaths(long).attach].map(dirname)).toEqual([expect.stringMatching(/^\/tmp\/lb-/), dirname(socket)]);
  });
});

describe('ensureHome', () => {
  it('creates every directory for us alone, and finds nothing wrong the second time', () => {
    const paths = homePaths(join(dir, 'a', 'home'));
    ensureHome(paths);
    ensureHome(paths);
    expect([paths.home, paths.logs, paths.primaries].map(modeOf)).toEqual([0o700, 0o700, 0o700]);
  });

  it('creates the directory of a socket that is not in the home', () => {
    const socketDir = join(dir, 'socket');
    ensureHome({ ...homePaths(join(dir, 'home')), socket: join(socketDir, 'lb.sock') });
    expect(modeOf(socketDir)).toBe(0o700);
  });

  it('closes a home that others can write to, and leaves one alone that they can only read', () => {
    const paths = homePaths(join(dir, 'home'));
    mkdirSync(paths.home);
    chmodSync(paths.home, 0o755);
    ensureHome(paths);
    expect(modeOf(paths.home)).toBe(0o755);
    chmodSync(paths.home, 0o770);
    ensureHome(paths);
    expect(modeOf(paths.home)).toBe(0o700);
  });

  it('does not close a directory that is meant for all', () => {
    const paths = homePaths(join(dir, 'shared'));
    mkdirSync(paths.home);
    chmodSync(paths.home, 0o1777);
    expect(() => ensureHome(paths)).toThrow(`LB_HOME ${paths.home} cannot be used: it is a directory shared with other users`);
    expect(modeOf(paths.home)).toBe(0o777);
  });

  it('refuses what is no directory', () => {
    const home = join(dir, 'file');
    writeFileSync(home, '');
    expect(() => ensureHome(homePaths(home))).toThrow(expect.objectContaining({ code: 'LB_ERR_HOME', message: expect.stringContaining('not a directory') }));
    expect(() => ensureHome(homePaths(join(home, 'below')))).toThrow(expect.objectContaining({ code: 'LB_ERR_HOME' }));
    const paths = homePaths(join(dir, 'home'));
    mkdirSync(paths.home);
    writeFileSync(paths.logs, '');
    expect(() => ensureHome(paths)).toThrow(`${paths.logs}: it is not a directory`);
  });

  it("refuses another user's", () => {
    const uid = process.getuid?.() ?? 0;
    vi.spyOn(process, 'getuid').mockReturnValue(uid + 1);
    expect(() => ensureHome(homePaths(dir))).toThrow(`it belongs to user ${uid}, this is user ${uid + 1}`);
  });
});
