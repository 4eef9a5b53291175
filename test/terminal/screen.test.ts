import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { view } from '../../src/monitor/view.ts';
import { Frame } from '../../src/terminal/frame.ts';
import { paintChanges } from '../../src/terminal/screen.ts';
import type { Palette } from '../../src/terminal/style.ts';
import { graphemes } from '../../src/terminal/text.ts';
import { after, apps, MACHINE, NOON, watched } from '../monitor/samples.ts';

/** A terminal, as far as the monitor uses one: it knows `H`, `J` and `m`, and breaks a wide character that is written over in half. */
class FakeTerminal {
  chars: string[] = [];
  styles: string[] = [];

  constructor(
    readonly columns: number,
    readonly rows: number,
  ) {
    this.#clear();
  }

  write(text: string): void {
    let [row, column, style] = [0, 0, '0'];
    for (const [part, sequence, final, plain] of text.matchAll(/\u001b\[([\d;]*)([A-Za-z])|([^\u001b]+)/g)) {
      if (plain === undefined && final === 'H') [row, column] = (sequence ?? '').split(';').map((n) => Number(n) - 1) as [number, number];
      else if (plain === undefined && final === 'm') style = sequence === '' ? '0' : (sequence ?? '0');
      else if (plain === undefined && part === '\u001b[2J') this.#clear();
      else if (plain === undefined) throw new Error(`unknown sequence ${JSON.stringify(part)}`);
      else column = this.#print(plain, row, column, style);
    }
  }

  #print(text: string, row: number, from: number, style: string): number {
    let column = from;
    for (const { text: char, width } of graphemes(text)) {
      if (column + width > this.columns || row >= this.rows) throw new Error(`${char} at ${row};${column} is outside`);
      for (let i = 0; i < width; i++) this.#set(row * this.columns + column + i, i === 0 ? char : '', style);
      column += width;
    }
    return column;
  }

  #set(at: number, char: string, style: string): void {
    if (this.chars[at + 1] === '' && char !== '' && at % this.columns !== this.columns - 1) this.chars[at + 1] = ' ';
    if (this.chars[at] === '' && char !== '') this.chars[at - 1] = this.chars[at - 1] === char ? char : (this.chars[at - 1] ?? ' ');
    this.chars[at] = char;
    this.styles[at] = style;
  }

  #clear(): void {
    this.chars = new Array<string>(this.columns * this.rows).fill(' ');
    this.styles = new Array<string>(this.columns * this.rows).fill('0');
  }
}

const SIZE = { columns: 24, rows: 5 } as const;
const puts = fc.array(
  fc.record({
    row: fc.integer({ min: 0, max: 5 }),
    column: fc.integer({ min: 0, max: 24 }),
    text: fc.string({ unit: fc.constantFrom('a', 'b', ' ', '漢', '👩‍🚀', '█', 'e\u0301'), maxLength: 14 }),
    style: fc.tuple(fc.constantFrom(0, 1, 2, 3, 5, 6), fc.nat(15)).map(([color, attributes]) => color | (attributes * 8)),
  }),
  { maxLength: 8 },
);

function frameOf(list: readonly { row: number; column: number; text: string; style: number }[]): Frame {
  const frame = new Frame(SIZE.columns, SIZE.rows);
  // Each line is written once, as the views do.
  const lines = new Map(list.map((put) => [put.row, put]));
  for (const { row, column, text, style } of lines.values()) frame.put(row, column, text, style);
  return frame;
}

describe('paintChanges', () => {
  it('turns the screen of one frame into the next', () => {
    fc.assert(
      fc.property(puts, puts, fc.constantFrom<Palette>('none', 'basic', 'fixed'), (first, second, palette) => {
        const [before, next] = [frameOf(first), frameOf(second)];
        const [terminal, fresh] = [new FakeTerminal(SIZE.columns, SIZE.rows), new FakeTerminal(SIZE.columns, SIZE.rows)];
        terminal.write(paintChanges(null, before, palette));
        expect(terminal.chars).toEqual(before.chars);
        terminal.write(paintChanges(before, next, palette));
        fresh.write(paintChanges(null, next, palette));
        expect(terminal.chars).toEqual(next.chars);
        expect(terminal.styles).toEqual(fresh.styles);
      }),
      { numRuns: 500 },
    );
  });

  it('writes nothing for the same frame, and all of it for another size', () => {
    const frame = view(watched());
    expect(paintChanges(frame, view(watched()), 'fixed')).toBe('');
    expect(paintChanges(view(watched(81)), frame, 'fixed')).toContain('\u001b[2J');
  });

  it('writes little when little has changed', () => {
    const model = watched(200, 60);
    const next = after(model, {
      type: 'stats',
      at: NOON + 1_000,
      apps: apps(0).map((app) => ({ ...app, connections: app.connections + 1 })),
      machine: MACHINE,
    });
    const text = paintChanges(view(model), view(next), 'fixed');
    expect(text.length).toBeGreaterThan(0);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
  });

  it('puts what follows an emoji into its column, however wide the terminal takes it for', () => {
    const frame = new Frame(12, 1);
    frame.put(0, 0, '👩‍🚀x');
    expect(paintChanges(new Frame(12, 1), frame, 'none')).toBe('\u001b[1;1H\u001b[0m👩‍🚀\u001b[1;3Hx');
  });
});
