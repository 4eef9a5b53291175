import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AttachServer } from '../../src/daemon/attach-server.ts';

let directory: string;
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'lb-attach-'))));
afterEach(() => rmSync(directory, { recursive: true }));

/** What a connection gets first: data, or its end. */
function first(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once('close', () => resolve('closed'));
    socket.on('error', () => {});
  });
}

it('takes no primary any more when the daemon leaves, although its socket is open until the last file is written', async () => {
  const path = join(directory, 'attach.sock');
  const server = new AttachServer({ home: directory, attached: () => {}, malformed: () => {} });
  const stop = await server.listen(path);
  expect(await first(path)).toContain('challenge');
  server.close();
  expect(await first(path)).toBe('closed');
  stop();
});
