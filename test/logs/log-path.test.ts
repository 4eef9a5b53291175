import { expect, it } from 'vitest';
import { slotPath } from '../../src/logs/log-path.ts';

it.each([
  ['/l/a-out.log', '/l/a-out-3.log'],
  ['/l/a', '/l/a-3'],
  ['/l.d/a', '/l.d/a-3'],
  ['/l/a.tar.log', '/l/a.tar-3.log'],
  ['/l/.log', '/l/.log-3'],
  ['/dev/null', '/dev/null'],
])('slotPath(%s)', (path, expected) => {
  expect(slotPath(path, 3)).toBe(expected);
});
