import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { beforeEach, expect, it } from 'vitest';
import { IpcProcess } from '../../../src/primary/workers/ipc-process.ts';
import type { WorkerProcessEvents } from '../../../src/primary/workers/worker-process.ts';

class FakeChild extends EventEmitter {
  readonly stdout = null;
  readonly stderr = null;
  readonly pid: number | undefined;
  connected = true;
  readonly sent: unknown[] = [];

  constructor(pid?: number) {
    super();
    this.pid = pid;
  }

  send(message: unknown): boolean {
    this.sent.push(message);
    return true;
  }
}

let log: string[];
const events: WorkerProcessEvents = {
  control: (message) => log.push(`control ${JSON.stringify(message)}`),
  message: (message) => log.push(`message ${JSON.stringify(message)}`),
  disconnect: () => log.push('disconnect'),
  startFailed: (error) => log.push(`start failed: ${error.message}`),
  exit: (code, signal) => log.push(`exit ${code} ${signal}`),
};
const reach = (child: FakeChild): IpcProcess => new IpcProcess(child as unknown as ChildProcess, events, (pid) => log.push(`kill ${pid}`));

beforeEach(() => {
  log = [];
});

it('emits an exit if it could not be started', () => {
  const child = new FakeChild();
  expect(reach(child).pid).toBe(0);
  child.emit('error', new Error('EAGAIN'));
  child.emit('error', new Error('channel closed'));
  expect(log).toEqual(['start failed: EAGAIN', 'exit null null']);
});

it('survives a failed send to a dying process, and reports handles in transit as lost after the exit', () => {
  const child = new FakeChild(7);
  const process = reach(child);
  process.controlWithHandle({ t: 'conn' }, {}, { taken: () => {}, lost: () => log.push('lost') });
  child.emit('error', new Error('EPIPE'));
  child.emit('exit', null, 'SIGKILL');
  expect(log).toEqual(['exit null SIGKILL', 'lost']);
});

it('separates acknowledgements from messages', () => {
  const child = new FakeChild(7);
  reach(child).controlWithHandle({ t: 'conn' }, {}, { taken: () => log.push('taken'), lost: () => {} });
  child.emit('internalMessage', { cmd: 'NODE_HANDLE_ACK' }, undefined);
  child.emit('internalMessage', { cmd: 'NODE_LB' }, undefined);
  child.emit('message', 'ready');
  expect(log).toEqual(['taken', 'control {"cmd":"NODE_LB"}', 'message "ready"']);
});

it('drops messages while its channel is closed', () => {
  const child = new FakeChild(7);
  const process = reach(child);
  child.connected = false;
  process.control({ t: 'drain' });
  process.message('shutdown', () => {});
  process.kill();
  expect([process.connected, child.sent, log]).toEqual([false, [], ['kill 7']]);
});
