import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AnyServer } from '../../src/worker/node-internals.ts';
import { deferRequests, onUpgrade } from '../../src/worker/server-hooks.ts';

let server: Server;
let seen: string[];
const any = (): AnyServer => server;
const upgraded = (request: IncomingMessage): void => void seen.push(`upgraded ${request.url}`);
const appOf = (name: string) => (): void => void seen.push(name);
const upgrade = (event = 'upgrade'): boolean => server.emit(event, { url: '/' }, {} as Duplex, Buffer.alloc(0));

beforeEach(() => {
  server = createServer();
  seen = [];
});

describe('who watches upgrades', () => {
  it('listens only while the app does, and hears first', () => {
    onUpgrade(any(), upgraded);
    expect(upgrade()).toBe(false);
    const app = appOf('app');
    server.on('upgrade', app);
    expect(upgrade()).toBe(true);
    expect(seen).toEqual(['upgraded /', 'app']);
    server.off('upgrade', app);
    expect([server.listenerCount('upgrade'), upgrade()]).toEqual([0, false]);
    server.on('connect', app);
    upgrade('connect');
    expect(seen).toEqual(['upgraded /', 'app', 'upgraded /', 'app']);
  });

  it('hears each upgrade once, whatever listeners the app had, adds or removes', () => {
    server.on('upgrade', appOf('first'));
    onUpgrade(any(), upgraded);
    const second = appOf('second');
    server.on('upgrade', second);
    server.once('upgrade', appOf('once'));
    upgrade();
    expect(seen).toEqual(['upgraded /', 'first', 'second', 'once']);
    server.off('upgrade', second);
    upgrade();
    expect(seen.slice(4)).toEqual(['upgraded /', 'first']);
    server.removeAllListeners('upgrade');
    server.on('upgrade', appOf('third'));
    upgrade();
    expect(seen.slice(6)).toEqual(['upgraded /', 'third']);
  });
});

describe('deferred requests', () => {
  const nextTick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

  it('come a tick later while that is on, other events at once; afterwards the server is as it was', async () => {
    let isOn = true;
    server.on('request', appOf('request')).on('other', appOf('other'));
    const stop = deferRequests(any(), () => isOn);
    expect([server.emit('request'), server.emit('other'), seen]).toEqual([true, true, ['other']]);
    await nextTick();
    expect(seen).toEqual(['other', 'request']);
    isOn = false;
    server.emit('request');
    expect(seen).toEqual(['other', 'request', 'request']);
    stop();
    expect(Object.hasOwn(server, 'emit')).toBe(false);
  });

  it('leave alone what the app has made of emit, before and since', () => {
    const own = server.emit.bind(server);
    server.emit = own;
    const stop = deferRequests(any(), () => true);
    stop();
    expect(server.emit).toBe(own);
    const again = deferRequests(any(), () => true);
    const later = server.emit.bind(server);
    server.emit = later;
    again();
    expect(server.emit).toBe(later);
  });
});
