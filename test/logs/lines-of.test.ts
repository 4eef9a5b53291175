import { describe, expect, it } from 'vitest';
import { jsonOf, linesOf, textsOf } from '../../src/logs/lines-of.ts';

const origin = { app: 'api', slot: 2, pid: 7, stream: 'err' } as const;
const piece = (text: string, continues = false): Parameters<typeof textsOf>[0] => ({ bytes: Buffer.from(text), continues });

describe('output as lines', () => {
  it('has every line, without its ending, and says where one goes on', () => {
    expect(linesOf(piece('a\r\n\nb\n'), origin, 5).map(({ text }) => text)).toEqual(['a', '', 'b']);
    expect(linesOf(piece('rest\nnext', true), origin, 5)).toEqual([
      { ...origin, at: 5, text: 'rest', continues: true },
      { ...origin, at: 5, text: 'next', open: true },
    ]);
    expect(textsOf(piece('a\nb\nc\n'), 2)).toEqual(['b', 'c']);
  });

  it('is JSON with the keys of PM2; a message ends with its newline', () => {
    const at = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
    const text = jsonOf(piece('say "hi"\n\nwait'), origin, at).toString();
    const entry = (message: string): object => ({ message, timestamp: '2026-01-02T03:04:05.006Z', type: 'err', process_id: 2, app_name: 'api' });
    expect(text.endsWith('}\n')).toBe(true);
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toEqual([entry('say "hi"\n'), entry('\n'), entry('wait')]);
  });
});
