import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appColumns } from '../../src/monitor/app-columns.ts';
import { MEASURES } from '../../src/monitor/measures.ts';
import { firstVisible, place, sortable } from '../../src/monitor/table.ts';
import { workerColumns } from '../../src/monitor/worker-columns.ts';
import { widthOf } from '../../src/terminal/text.ts';
import { app } from '../client/samples.ts';

const measure = MEASURES[0];
const titles = (columns: readonly { column: { title: string } }[]): string[] => columns.map(({ column }) => column.title.trim());

describe('place', () => {
  it('gives up the least important columns first', () => {
    const columns = appColumns([], measure, 8);
    expect(titles(place(columns, 200))).toHaveLength(columns.length);
    expect(titles(place(columns, 80))).not.toContain('p50');
    expect(titles(place(columns, 80))).toContain('req/s 5m');
    expect(titles(place(columns, 50))).toEqual(['app', 'state', 'workers', 'cpu', 'mem', 'req/s']);
  });

  it.each([
    ['app', appColumns([], measure, 8)],
    ['worker', workerColumns(app(), [], measure)],
  ] as const)('has room for the arrow behind any title of the %s table, and gives up no column for it at 80', (_of, columns) => {
    const all = columns as ReturnType<typeof appColumns>;
    for (const sortedBy of sortable(all)) {
      for (const total of [80, 200]) {
        const placed = place(all, total, sortedBy);
        expect(titles(placed)).toEqual(titles(place(all, total)));
        const width = placed.find(({ column }) => column === sortedBy)?.width ?? Infinity;
        expect(width, sortedBy.title).toBeGreaterThan(widthOf(sortedBy.title));
      }
    }
  });

  it('never puts one column onto another, or over the edge', () => {
    const tables = fc.constantFrom(appColumns([], measure, 20), workerColumns(app(), [], measure));
    fc.assert(
      fc.property(tables as fc.Arbitrary<ReturnType<typeof appColumns>>, fc.integer({ min: 1, max: 300 }), (columns, total) => {
        let end = 0;
        for (const { left, width } of place(columns, total)) {
          if (width > 0) expect(left).toBeGreaterThanOrEqual(end);
          expect(width === 0 || left + width <= total).toBe(true);
          end = left + width;
        }
      }),
    );
  });

  it('scrolls so that the cursor is seen', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 50 }), (at, rows, height) => {
        const cursor = at % rows;
        const first = firstVisible(cursor, rows, height);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(cursor - first).toBeGreaterThanOrEqual(0);
        expect(cursor - first).toBeLessThan(height);
      }),
    );
  });
});
