import { describe, expect, it } from 'vitest';
import { jsonLogLine } from '../../src/logs/json-log-line.ts';
import { jsonOf } from '../../src/logs/lines-of.ts';
import type { StoredLine } from '../../src/logs/stored-line.ts';

const stored = (text: string): StoredLine => ({ app: 'a', slot: null, pid: null, stream: null, at: null, text, order: 0 });

describe('jsonLogLine', () => {
  it('gives back what the app wrote, and from where', () => {
    const bytes = jsonOf({ bytes: Buffer.from('say "hi"\n\nopen'), continues: false }, { app: 'a', slot: 3, pid: 1, stream: 'err' }, 0);
    const lines = bytes
      .toString()
      .trimEnd()
      .split('\n')
      .map((text) => jsonLogLine(stored(text)));
    expect(lines.map(({ text, slot, stream }) => ({ text, slot, stream }))).toEqual(['say "hi"', '', 'open'].map((text) => ({ text, slot: 3, stream: 'err' })));
  });

  it('leaves every other line alone', () => {
    for (const text of ['plain', '{"message":"of the app itself"}', '{"message":"broken', '{"message":1,"app_name":"a"}', ''])
      expect(jsonLogLine(stored(text))).toEqual(stored(text));
  });
});
