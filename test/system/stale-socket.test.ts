import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimSocketPath } from '../../src/system/stale-socket.ts';
import { endChildren, startNode } from './children.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lb-sock-'));
  path = join(dir, 'lb.sock');
});
afterEach(async () => {
  await endChildren();
  rmSync(dir, { recursive: true });
});

function refusal(reason: string): unknown {
  return expect.objectContaining({ code: 'LB_ERR_SOCKET_PATH', message: `cannot use the socket path ${path}: ${reason}` });
}

describe.skipIf(process.platform === 'win32')('claimSocketPath', () => {
  it('is content with nothing', async () => {
    await claimSocketPath(path);
    await claimSocketPath(join(dir, 'no', 'where'));
  });

  it('removes what a killed process has left', async () => {
    const { child } = await startNode(`require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('listening'))`);
    expect(child.pid).toBeGreaterThan(0);
    await endChildren();
    expect(existsSync(path)).toBe(true);
    await claimSocketPath(path);
    expect(existsSync(path)).toBe(false);
  });

  it('refuses a socket that somebody listens on, and leaves it there', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(path, resolve));
    await expect(claimSocketPath(path)).rejects.toThrow(refusal('another process is listening on it'));
    expect(existsSync(path)).toBe(true);
    await new Promise((resolve) => server.close(resolve));
  });

  it('refuses a socket whose owner is too busy to take the connection', async () => {
    const code = `
      const net = require('node:net');
      net.createServer().listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => process.stdout.write('x', () => { for (;;); }));
    `;
    await startNode(code);
    for (let i = 0; i < 4; i++) await expect(claimSocketPath(path)).rejects.toThrow(refusal('another process is listening on it'));
    expect(existsSync(path)).toBe(true);
  });

  it('refuses what is no socket', async () => {
    writeFileSync(path, 'precious');
    await expect(claimSocketPath(path)).rejects.toThrow(refusal('it exists and is not a socket'));
    rmSync(path);
    symlinkSync('elsewhere', path);
    await expect(claimSocketPath(path)).rejects.toThrow(refusal('it exists and is not a socket'));
  });
});
