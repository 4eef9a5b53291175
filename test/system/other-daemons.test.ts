import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { describeDaemons } from '../../src/cli/other-daemons.ts';
import { otherDaemons } from '../../src/system/other-daemons.ts';

const OWN = process.getuid?.() ?? 0;
const OTHER = OWN + 1;

/** A `/proc` in which every process belongs to this user. */
function procWith(processes: Readonly<Record<number, { readonly words: readonly string[]; readonly env?: string }>>): string {
  const proc = mkdtempSync(join(tmpdir(), 'lb-proc-'));
  onTestFinished(() => rmSync(proc, { recursive: true }));
  for (const [pid, { words, env }] of Object.entries(processes)) {
    mkdirSync(join(proc, pid));
    writeFileSync(join(proc, pid, 'cmdline'), words.map((word) => `${word}\0`).join(''));
    if (env !== undefined) writeFileSync(join(proc, pid, 'environ'), `A=1\0LB_HOME=${env}\0`);
  }
  mkdirSync(join(proc, 'self'));
  return proc;
}

const PROCESSES = {
  12: { words: ['lb daemon', ''], env: '/srv/lb' },
  11: { words: ['node', '/usr/bin/lb', 'run', 'server.js'] },
  13: { words: ['node', '/opt/lb.js', 'list'] },
  14: { words: ['vi', 'lb daemon'] },
};

it('finds the daemons of other users, in the background and in the foreground', () => {
  const found = otherDaemons(procWith(PROCESSES), OTHER);
  expect(found.map(({ pid, home, socket }) => [pid, home, socket])).toEqual([
    [11, null, null],
    [12, '/srv/lb', null],
  ]);
  expect(otherDaemons(procWith(PROCESSES), OWN), 'not those of this user').toEqual([]);
  expect(otherDaemons('/no/proc', OTHER)).toEqual([]);
});

it('says how to see their apps', () => {
  const daemon = { pid: 7, user: 'app', home: null, socket: null };
  const [line] = describeDaemons('list', [daemon]);
  expect(line).toBe('a daemon of user "app" (pid 7) is running; for its apps: sudo -u app lb list');
  expect(describeDaemons('show', [{ ...daemon, user: '#1000', home: '/srv/my lb' }])[0]).toContain(`sudo -u '#1000' env 'LB_HOME=/srv/my lb' lb show`);
  expect(describeDaemons('list', [{ ...daemon, home: '/srv/lb', socket: '/run/lb-1000/lb.sock' }])[0]).toContain(
    'apps: LB_SOCKET=/run/lb-1000/lb.sock lb list',
  );
});
