import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { tailFile, tailLog } from '../../src/logs/tail-file.ts';

const dir = mkdtempSync(join(tmpdir(), 'lb-tail-'));
const path = join(dir, 'a.log');
afterAll(() => rmSync(dir, { recursive: true }));

describe('tailFile', () => {
  it('gives the last lines', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' }).map((line) => line.replace(/[\r\n]/g, ''))),
        fc.nat(8),
        fc.boolean(),
        async (lines, n, closed) => {
          writeFileSync(path, lines.join('\n') + (closed && lines.length > 0 ? '\n' : ''));
          // A file that ends without a newline after an empty last line looks as if that line was not there.
          const expected = !closed && lines.at(-1) === '' ? lines.slice(0, -1) : lines;
          expect(await tailFile(path, n)).toEqual(n === 0 ? [] : expected.slice(-n));
        },
      ),
    );
  });

  it('goes back over more than one block, and cuts no character', async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `${i} ${'漢'.repeat(i % 50)}`);
    writeFileSync(path, `${lines.join('\r\n')}\r\n`);
    expect(await tailFile(path, 3000)).toEqual(lines.slice(-3000));
    expect(await tailFile(path, 9000)).toEqual(lines);
  });

  it('gives none of a file that is not there', async () => {
    expect(await tailFile(join(dir, 'none'), 5)).toEqual([]);
    await expect(tailFile(join(path, 'below-a-file'), 5)).rejects.toThrow('ENOTDIR');
  });
});

describe('tailLog', () => {
  it('goes on in the file rotated last', async () => {
    writeFileSync(`${path}.1`, '1\n2\n3\n');
    writeFileSync(path, '4\n5\n');
    expect(await tailLog(path, 2)).toEqual(['4', '5']);
    expect(await tailLog(path, 4)).toEqual(['2', '3', '4', '5']);
    expect(await tailLog(path, 9)).toEqual(['1', '2', '3', '4', '5']);
  });
});
