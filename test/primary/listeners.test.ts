import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterEach, expect, it } from 'vitest';
import { Listeners } from '../../src/primary/listeners.ts';

const folder = mkdtempSync(join(tmpdir(), 'lb-listeners-'));
const path = join(folder, 'app.sock');
let borrowed = 0;
let accepted = 0;
const listeners = new Listeners({
  onConnection: (_, connection) => {
    accepted++;
    connection.close();
  },
  onOpened: () => {},
  onClosed: () => {},
  borrow: () => ++borrowed > 0,
});

afterEach(() => {
  listeners.closeAllBut(new Set());
  rmSync(folder, { recursive: true });
});

it('never pauses a Unix socket, whose file would be gone with the handle', async () => {
  const { errno } = await listeners.listen({
    key: path, address: path, port: null, addressType: -1, backlog: null, flags: 0, readableAll: false, writableAll: false, kind: 'tcp',
  });
  listeners.pause(path);
  await new Promise((resolve) => connect(path).once('close', resolve));
  expect([errno, borrowed, accepted, existsSync(path)]).toEqual([0, 0, 1, true]);
});
