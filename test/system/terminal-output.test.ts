import fc from 'fast-check';
import { expect, it } from 'vitest';
import { terminalOutput, terminalSafe, type Output } from '../../src/system/terminal-output.ts';

const RESET = '\u001b[0m';

it.each([
  ['puts nothing on the clipboard', '\u001b]52;c;cm0gLXJmIH4=\u0007', '^[]52;c;cm0gLXJmIH4=^G'],
  ['moves no cursor and clears nothing', 'a\u001b[2J\u001b[1;1Hb\rc\bd', 'a^[[2J^[[1;1Hb^Mc^Hd'],
  ['sends no device control', '\u001bP$q"p\u001b\\', '^[P$q"p^[\\'],
  ['shows NUL and DEL', 'a\u0000b\u007f', 'a^@b\\u007f'],
  ['knows the one-byte controls', '\u009b2J\u009d52;c;eA==\u009c', '\\u009b2J\\u009d52;c;eA==\\u009c'],
  ['turns no writing direction', 'user\u202egnp.exe\u2066', 'user\\u202egnp.exe\\u2066'],
  ['lets colours end with their line', '\u001b[31mred\nplain\n', `\u001b[31mred${RESET}\nplain\n`],
  ['leaves a cut-off colour visible', '\u001b[31', '^[[31'],
  ['leaves text, tabs and newlines alone', 'größe\t→ 漢字 👍\n\n', 'größe\t→ 漢字 👍\n\n'],
])('%s', (_, text, safe) => expect(terminalSafe(text)).toBe(safe));

it('lets nothing through but text, tabs, newlines and colours', () => {
  const hostile = fc.string({ unit: fc.constantFrom('\u001b', '[', ']', '2', ';', 'm', 'J', '\n', '\u0000', '\u009b', '\u202e', 'ä', 'P', '\\', '\u0007') });
  fc.assert(
    fc.property(hostile, (text) => {
      const rest = terminalSafe(text).replace(/\u001b\[[\d;:]*m/g, '');
      expect(rest).not.toMatch(/[^\P{C}\n\t]/u);
    }),
  );
});

it('keeps JSON what it is', () => {
  const line = { text: '\u001b]0;x\u0007 \u009b2J \u007f \u202e \u2028' };
  expect(JSON.parse(terminalSafe(JSON.stringify(line)))).toEqual(line);
});

it('changes what goes to a terminal alone, and not what is meant for it', () => {
  const written: string[] = [];
  const stream = (isTTY: boolean): Output => ({ write: (text) => written.push(text) > 0, once: () => {}, isTTY });
  terminalOutput(stream(false)).write('\u001b[2J');
  const terminal = terminalOutput(stream(true));
  terminal.write('\u001b[2J');
  terminal.raw?.write('\u001b[H');
  expect(written).toEqual(['\u001b[2J', '^[[2J', '\u001b[H']);
});
