import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Terminal, type Tty } from '../../src/terminal/terminal.ts';
import { waitFor } from '../helpers/wait.ts';

/** Streams that remember what was done to them. */
function fakeTty() {
  const raw: boolean[] = [];
  let written = '';
  const input = Object.assign(new EventEmitter(), { setRawMode: (on: boolean) => void raw.push(on), resume() {}, pause() {} });
  const output = Object.assign(new EventEmitter(), { columns: 80, rows: 24, write: (text: string) => void (written += text) });
  return { tty: { input, output } as unknown as Tty, input, output, raw, written: () => written };
}

const noListeners = (): number[] =>
  ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGTSTP', 'SIGCONT', 'uncaughtExceptionMonitor'].map((name) => process.listenerCount(name));

describe('Terminal', () => {
  it('is entered and left as a whole, once, and leaves no listener', () => {
    const before = noListeners();
    const { tty, raw, written } = fakeTty();
    const terminal = new Terminal(tty, { key() {}, changed() {}, closed() {} });
    terminal.open();
    terminal.write('frame');
    terminal.close();
    terminal.close();
    terminal.write('late');
    expect(raw).toEqual([true, false]);
    expect(written()).toMatch(/^\u001b\[\?1049h\u001b\[\?25l.*frame.*\u001b\[\?25h\u001b\[0m\u001b\[\?1049l$/);
    expect(noListeners()).toEqual(before);
  });

  it('is left before the stack of a crash is printed', () => {
    const { tty, raw } = fakeTty();
    const terminal = new Terminal(tty, { key() {}, changed() {}, closed() {} });
    terminal.open();
    (process as EventEmitter).emit('uncaughtExceptionMonitor', new Error('a fault'), 'uncaughtException');
    expect(raw).toEqual([true, false]);
    terminal.close();
  });

  it('tells keys, a lone escape after a moment, a new size, and that nobody is there', async () => {
    const { tty, input, output } = fakeTty();
    const told: string[] = [];
    const terminal = new Terminal(tty, {
      key: (key) => void told.push(key),
      changed: () => void told.push('(changed)'),
      closed: () => void told.push('(closed)'),
    });
    terminal.open();
    input.emit('data', Buffer.from('q\u001b[A'));
    output.emit('resize');
    input.emit('end');
    input.emit('data', Buffer.from('\u001b'));
    expect(told).toEqual(['q', 'up', '(changed)', '(closed)']);
    await waitFor('the escape key', () => told.includes('escape'));
    terminal.close();
  });
});
