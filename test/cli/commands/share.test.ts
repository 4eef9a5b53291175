import { expect, it } from 'vitest';
import { HELLO } from '../../client/fake-daemon.ts';
import { daemon, lb } from './daemon.ts';

const SHARED = { group: 'root', gid: 0, socket: '/run/lb-7/lb.sock', problem: null };

it('shows what is shared, and what is not', async () => {
  expect(await lb('share')).toEqual({ code: 0, out: 'no socket is shared\n', err: '' });
  daemon.on('GET /v1/hello', { json: { ...HELLO, shared: SHARED } });
  expect((await lb('share')).out).toBe('shared with the group root; its members use it so: LB_SOCKET=/run/lb-7/lb.sock lb list\n');
  expect(JSON.parse((await lb('share --json')).out)).toEqual(SHARED);
  daemon.on('GET /v1/hello', { json: { ...HELLO, shared: { ...SHARED, problem: '/run/lb-7 has other files' } } });
  expect((await lb('share')).out).toBe('not shared: /run/lb-7 has other files\n');
});

it('asks for a socket for a group, by default in /run', async () => {
  daemon.on('POST /v1/share', { json: { shared: SHARED } });
  expect((await lb('share --group root --socket sub/lb.sock')).code).toBe(0);
  expect((await lb('share --group 0')).code).toBe(0);
  expect((await lb('share --off')).code).toBe(0);
  const socket = `/run/lb-${process.getuid?.() ?? 0}/lb.sock`;
  expect(daemon.orders.map(({ body }) => body)).toMatchObject([
    { shared: { group: 'root', gid: 0, socket: expect.stringMatching(/\/work\/sub\/lb\.sock$/) as string } },
    { shared: { group: 'root', gid: 0, socket } },
    { shared: null },
  ]);
});

it.each([
  ['share --socket /x/lb.sock', 2, 'needs --group'],
  ['share --group root --off', 2, 'contradict'],
  ['share --group no-such-group-here', 3, 'no group named "no-such-group-here"'],
])('%s', async (line, code, text) => {
  expect(await lb(line)).toMatchObject({ code, err: expect.stringContaining(text) as string });
  expect(daemon.orders).toEqual([]);
});
