import { describe, expect, it } from 'vitest';
import { fileKind } from '../../../src/config/command/program-file.ts';

const PNPM_SHIM = `#!/bin/sh
basedir=$(dirname "$(echo "$0" | sed -e 's,\\\\,/,g')")

case \`uname\` in
    *CYGWIN*|*MINGW*|*MSYS*) basedir=\`cygpath -w "$basedir"\`;;
esac

if [ -z "$NODE_PATH" ]; then
  export NODE_PATH="/p/node_modules/.pnpm/node_modules"
fi
if [ -x "$basedir/node" ]; then
  exec "$basedir/node"  "$basedir/../next/dist/bin/next" "$@"
else
  exec node  "$basedir/../next/dist/bin/next" "$@"
fi
`;

describe('fileKind', () => {
  it.each([
    ['/p/x.js', '#!/usr/bin/env python3', [], null],
    ['/p/x', '#!/usr/bin/env node\n', [], null],
    ['/p/x', '#!/usr/bin/node\n', [], null],
    ['/p/x', '#!/usr/bin/env -S NODE_ENV=x node --no-warnings --max-old-space-size=99\n', ['--no-warnings', '--max-old-space-size=99'], null],
    ['/p/x', '#!/usr/bin/env tsx\n', [], 'tsx'],
    ['/p/x', 'require("http")', [], null],
    ['/p/x', '', [], null],
  ])('%s with %j runs in Node.js', (path, head, nodeArgs, loader) => {
    expect(fileKind(path, head)).toEqual({ kind: 'node', nodeArgs, loader });
  });

  it("follows pnpm's shell shims", () => {
    expect(fileKind('/p/node_modules/.bin/next', PNPM_SHIM)).toEqual({ kind: 'shim', target: '/p/node_modules/next/dist/bin/next', nodeArgs: [] });
    const withFlags = PNPM_SHIM.replace('exec node  ', 'exec node  --no-warnings --expose-gc ');
    expect(fileKind('/p/node_modules/.bin/next', withFlags)).toMatchObject({ kind: 'shim', nodeArgs: ['--no-warnings', '--expose-gc'] });
  });

  it.each([
    ['/p/x', '#!/usr/bin/env python3\n', 'a python3 script'],
    ['/p/x', '#!/bin/sh\nexec node server.js\n', 'a sh script'],
    ['/p/x', '\u007fELF\u0002', 'a binary program'],
    ['/p/x', 'PK\0\0', 'a binary file'],
  ])('%s with %j is %s', (path, head, what) => {
    expect(fileKind(path, head)).toEqual({ kind: 'other', what });
  });
});
