import { expect, it } from 'vitest';
import { withoutInspector } from '../../../src/primary/logs/inspector-lines.ts';

const OPENED = 'Debugger listening on ws://127.0.0.1:41103/3d0a\nFor help, see: https://nodejs.org/en/docs/inspector\n';
const ENDED = 'Debugger attached.\nDebugger ending on ws://127.0.0.1:41103/3d0a\n';

it.each([
  ['nothing is left of what Node prints', OPENED + ENDED, false, null],
  ['the lines of the app stay', `before\n${OPENED}after\n${ENDED}`, false, 'before\nafter\n'],
  ['the beginning of a line is the app’s', `half a line ${OPENED}more\n`, false, 'half a line \nmore\n'],
  ['a line that the piece before began is ended', OPENED, true, '\n'],
  ['the app may write about debuggers', 'The Debugger attached. Well.\n', false, 'The Debugger attached. Well.\n'],
])('%s', (_, text, continues, left) => {
  const piece = withoutInspector({ bytes: Buffer.from(text), continues });
  expect(piece?.bytes.toString() ?? null).toBe(left);
});
