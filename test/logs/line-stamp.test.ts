import { describe, expect, it } from 'vitest';
import { stamped, stampOf } from '../../src/logs/line-stamp.ts';

const text = (bytes: string, continues = false): string => stamped({ bytes: Buffer.from(bytes), continues }, Buffer.from('T: ')).bytes.toString();

describe('the time before a line', () => {
  it('stands before each line that begins in a piece', () => {
    expect(text('one\ntwo\n')).toBe('T: one\nT: two\n');
    expect(text('\n')).toBe('T: \n');
    expect(text('waiting ')).toBe('T: waiting ');
  });

  it('does not stand within a line', () => {
    expect(text('… done\nnext\n', true)).toBe('… done\nT: next\n');
  });

  it('leaves bytes that are no text as they are', () => {
    const { bytes } = stamped({ bytes: Buffer.from([0xff, 0x0a, 0xfe]), continues: false }, Buffer.from('T'));
    expect([...bytes]).toEqual([0x54, 0xff, 0x0a, 0x54, 0xfe]);
  });

  it('has the format of dayjs', async () => {
    const at = new Date(2026, 2, 1, 9, 8, 7, 6).getTime();
    expect((await stampOf('YYYY-MM-DD HH:mm:ss.SSS'))(at).toString()).toBe('2026-03-01 09:08:07.006: ');
    expect((await stampOf('[at] dddd, D MMM'))(at).toString()).toBe('at Sunday, 1 Mar: ');
  });
});
