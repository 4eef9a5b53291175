import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { KeptOutputs } from '../../src/daemon/kept-outputs.ts';
import { KeptSockets, spawnPrimary } from '../../src/daemon/primary-process.ts';
import type { PrimarySettings } from '../../src/protocol/attach.ts';
import { parseSpawnChannelMessage } from '../../src/protocol/parse-spawn-channel.ts';
import { attempt, Malformed } from '../../src/protocol/parser.ts';
import { garbage } from '../protocol/garbage.ts';
import { SPAWN_CHANNEL } from '../protocol/samples.ts';
import { tempHome } from './temp-home.ts';

const child = vi.hoisted(() => ({ make: (): unknown => null }));
vi.mock('node:child_process', () => ({ spawn: () => child.make() }));

it('whatever a primary sends: one report of what is malformed, and the next socket is kept', () => {
  const logFile = join(tempHome(), 'daemon.log');
  fc.assert(
    fc.property(garbage(SPAWN_CHANNEL), (value) => {
      const primary = Object.assign(new EventEmitter(), { pid: 7, send: vi.fn() });
      child.make = () => primary;
      const sockets = new KeptSockets();
      const malformed = vi.fn();
      spawnPrimary({ interpreter: 'node', settings: {} as PrimarySettings, logFile, sockets, outputs: new KeptOutputs(), malformed, onExit: () => {} });
      const handle = { close: vi.fn(), listen: () => 0, readStart: () => 0 };
      primary.emit('message', value, handle);
      const isMalformed = attempt(() => parseSpawnChannelMessage(value, handle)) instanceof Malformed;
      expect(malformed).toHaveBeenCalledTimes(isMalformed ? 1 : 0);
      if (isMalformed) expect([handle.close.mock.calls.length, sockets.all.length]).toEqual([1, 0]);
      primary.emit('message', { lb: 'keep', app: 'api', key: 'k', name: null }, handle);
      expect(sockets.all.filter(({ key }) => key === 'k')).toEqual([{ app: 'api', key: 'k', handle, name: null }]);
    }),
  );
});
