import { describe, expect, it } from 'vitest';
import { crashCause, withHolder } from '../../src/lifecycle/crash-cause.ts';

const FAILED = { code: 1, signal: null };
const ABORTED = { code: null, signal: 'SIGABRT' };
const NODE_FRAMES = `    at Module._compile (node:internal/modules/cjs/loader:1521:14)
    at Function.executeUserEntryPoint [as runMain] (node:internal/modules/run_main:164:12)
    at node:internal/main/run_main_module:28:49`;
const VERSION = '\n\nNode.js v20.20.2';

/** What Node.js 20 to 26 really writes, with the app in `/app`. */
const SAMPLES: readonly { readonly what: string; readonly stderr: string; readonly cause: string; readonly exit?: typeof FAILED | typeof ABORTED }[] = [
  {
    what: 'an uncaught error',
    stderr: `/app/lib/boot.js:3
  server.listn(3000);
         ^

TypeError: server.listn is not a function
    at boot (/app/lib/boot.js:3:10)
    at Object.<anonymous> (/app/server.js:5:1)
${NODE_FRAMES}${VERSION}`,
    cause: 'TypeError: server.listn is not a function at lib/boot.js:3',
  },
  {
    what: 'an error thrown by a dependency: the place is where the app called it',
    stderr: `/app/node_modules/pg/lib/client.js:80
    throw new Error('no password')
    ^

Error: no password
    at Client.connect (/app/node_modules/pg/lib/client.js:80:11)
    at async file:///app/src/db%20pool.mjs:12:3
${NODE_FRAMES}${VERSION}`,
    cause: 'Error: no password at src/db pool.mjs:12',
  },
  {
    what: 'a syntax error in an ES module',
    stderr: `file:///app/server.mjs:2
const y = ;
          ^

SyntaxError: Unexpected token ';'
    at compileSourceTextModule (node:internal/modules/esm/utils:346:16)
    at async ModuleJob._link (node:internal/modules/esm/module_job:148:19)${VERSION}`,
    cause: "SyntaxError: Unexpected token ';' at server.mjs:2",
  },
  {
    what: 'a syntax error in a required file: the place is there, not at the require',
    stderr: `/app/lib/routes.js:7
const y = ;
          ^

SyntaxError: Unexpected token ';'
    at wrapSafe (node:internal/modules/cjs/loader:1464:18)
    at Object.<anonymous> (/app/server.js:1:1)
${NODE_FRAMES}${VERSION}`,
    cause: "SyntaxError: Unexpected token ';' at lib/routes.js:7",
  },
  {
    what: 'a missing module',
    stderr: `node:internal/modules/cjs/loader:1210
  throw err;
  ^

Error: Cannot find module 'express'
Require stack:
- /app/lib/Error.js
- /app/server.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15)
    at require (node:internal/modules/helpers:182:18)
    at Object.<anonymous> (/app/server.js:1:1)
    at Function.executeUserEntryPoint [as runMain] (node:internal/modules/run_main:164:12) {
  code: 'MODULE_NOT_FOUND',
  requireStack: [ '/app/server.js' ]
}${VERSION}`,
    cause: "Error: Cannot find module 'express' at server.js:1",
  },
  {
    what: 'a missing package of an ES module',
    stderr: `node:internal/modules/esm/resolve:873
  throw new ERR_MODULE_NOT_FOUND(packageName, fileURLToPath(base), null);
        ^

Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'express' imported from /app/server.mjs
    at packageResolve (node:internal/modules/esm/resolve:873:9)
    at ModuleJob._link (node:internal/modules/esm/module_job:168:49) {
  code: 'ERR_MODULE_NOT_FOUND'
}${VERSION}`,
    cause: "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'express' imported from /app/server.mjs",
  },
  {
    what: 'an unhandled rejection with an error',
    stderr: `/app/server.js:1
async function f(){ throw new RangeError("bad range") } f()
                          ^

RangeError: bad range
    at f (/app/server.js:1:27)
${NODE_FRAMES}${VERSION}`,
    cause: 'RangeError: bad range at server.js:1',
  },
  {
    what: 'an unhandled rejection with something else',
    stderr: `node:internal/process/promises:389
      new UnhandledPromiseRejection(reason);
      ^

UnhandledPromiseRejection: This error originated either by throwing inside of an async function without a catch block, or by rejecting a promise which was not handled with .catch(). The promise rejected with the reason "nope".
    at throwUnhandledRejectionsMode (node:internal/process/promises:389:7)
    at process.processTicksAndRejections (node:internal/process/task_queues:96:32) {
  code: 'ERR_UNHANDLED_REJECTION'
}${VERSION}`,
    cause: 'unhandled rejection: nope',
  },
  {
    what: 'a thrown string',
    stderr: `/app/server.js:4
throw "Error: no luck"
^
boom
(Use \`node --trace-uncaught ...\` to show where the exception was thrown)${VERSION}`,
    cause: 'uncaught: boom at server.js:4',
  },
  {
    what: 'V8 out of memory: its native stack is longer than what is shown of stderr',
    stderr: `<--- Last few GCs --->

[29691:0x1e427ca0]       94 ms: Mark-Compact 17.0 (49.5) -> 16.6 (49.5) MB, 3.67 / 0.00 ms  (+ 0.0 ms in 1 steps since start of marking)


<--- JS stacktrace --->

FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory
----- Native stack trace -----

${Array.from({ length: 30 }, (_, index) => ` ${index}: 0xb78db3 node::OOMErrorHandler(char const*, v8::OOMDetails const&) [node]`).join('\n')}`,
    exit: ABORTED,
    cause: 'JavaScript heap out of memory',
  },
  {
    what: 'another fatal error of V8',
    stderr: 'FATAL ERROR: v8::ToLocalChecked Empty MaybeLocal\n----- Native stack trace -----\n\n 1: 0xb78db3 [node]',
    exit: ABORTED,
    cause: 'FATAL ERROR: v8::ToLocalChecked Empty MaybeLocal',
  },
  {
    what: 'an error that was logged before process.exit(1)',
    stderr: `warming up
could not boot TypeError: Cannot read properties of null (reading 'x')
    at Object.<anonymous> (/app/server.js:1:12)
${NODE_FRAMES}`,
    cause: "could not boot TypeError: Cannot read properties of null (reading 'x') at server.js:1",
  },
  {
    what: 'console.error of something that is no error, then process.exit(1)',
    stderr: 'warming up\n\u001b[31mDATABASE_URL is not set\u001b[39m\n',
    cause: 'exit code 1, last line of stderr: DATABASE_URL is not set',
  },
  {
    what: 'an error with a cause: the outer one',
    stderr: `/app/server.js:1
throw new Error("outer", {cause: new TypeError("inner")})
^

Error: outer
    at Object.<anonymous> (/app/server.js:1:11)
    ... 4 lines matching cause stack trace ...
    at node:internal/main/run_main_module:28:49 {
  [cause]: TypeError: inner
      at Object.<anonymous> (/app/other.js:9:38)
      at node:internal/main/run_main_module:28:49
}${VERSION}`,
    cause: 'Error: outer at server.js:1',
  },
  {
    what: 'a port in use, through the frames of the preload',
    stderr: `node:events:502
      throw er; // Unhandled 'error' event
      ^

Error: listen EADDRINUSE: address already in use :::3000
    at Object.listenInCluster (/opt/lb/dist/worker/preload.cjs:12:16)
    at Server.listen (node:net:2067:7)
    at Object.<anonymous> (/app/server.js:8:4)
Emitted 'error' event on Server instance at:
    at emitErrorNT (node:net:1944:8) {
  code: 'EADDRINUSE',
  port: 3000
}${VERSION}`,
    cause: 'Error: listen EADDRINUSE: address already in use :::3000 at server.js:8',
  },
  {
    what: 'an error whose name does not say that it is one',
    stderr: `/app/server.js:4
throw new Failure("Error: no luck");
^

Failure: no luck
    at Object.<anonymous> (/app/server.js:4:7)
${NODE_FRAMES}${VERSION}`,
    cause: 'Failure: no luck at server.js:4',
  },
  {
    what: 'a message of several lines: the first',
    stderr: 'Error: Command failed: ls /none\nls: cannot access /none\n    at run (/app/server.js:4:7)',
    cause: 'Error: Command failed: ls /none at server.js:4',
  },
  { what: 'an error printed as an object', stderr: '[Error: no luck] {\n  code: 5\n}', cause: 'Error: no luck' },
];

const CONTEXT = { cwd: '/app', heapLimitBytes: null };

describe('crashCause', () => {
  it('names the limit of the heap that was full, and no frame of the native stack', () => {
    const stderr = [
      '<--- Last few GCs --->',
      '',
      '[4093:0x5c2f1b0]      512 ms: Mark-Compact 40.2 (44.1) -> 39.9 (44.9) MB, 12.11 / 0.00 ms  (average mu = 0.1) allocation failure; GC in old space requested',
      '<--- JS stacktrace --->',
      'FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory',
      '----- Native stack trace -----',
      ' 1: 0xb78db3 node::OOMErrorHandler(char const*, v8::OOMDetails const&) [node]',
      'Error: not why',
    ];
    const cause = crashCause({ code: null, signal: 'SIGABRT' }, stderr, { cwd: '/app', heapLimitBytes: 40 * 1024 ** 2 });
    expect(cause).toBe('JavaScript heap out of memory (limit 40 MB)');
  });

  it.each(SAMPLES)('$what', ({ stderr, cause, exit = FAILED }) => {
    expect(crashCause(exit, stderr.split('\n'), CONTEXT)).toBe(cause);
  });

  it.each([
    ['an exit code of 0', { code: 0, signal: null }],
    ['a signal from outside', { code: null, signal: 'SIGKILL' }],
  ])('%s is no crash, whatever was written', (_, exit) => {
    expect(crashCause(exit, ['Error: from earlier'], CONTEXT)).toBeNull();
  });

  it('a fault that says nothing is known by its signal', () => {
    expect(crashCause({ code: null, signal: 'SIGSEGV' }, ['listening'], CONTEXT)).toBeNull();
  });

  it('an exit that says nothing is known by its code', () => {
    expect(crashCause(FAILED, [], CONTEXT)).toBeNull();
    expect(crashCause(FAILED, ['', '    at boot (/app/server.js:3:10)', '}'], CONTEXT)).toBeNull();
  });

  it('is one line of bounded length, without terminal sequences', () => {
    const cause = crashCause(FAILED, [`Error: \u001b[2J\u0007${'x'.repeat(1_000)}`], CONTEXT);
    expect(cause).toBe(`Error:  ${'x'.repeat(192)}…`);
  });
});

it.each([
  ['Error: listen EADDRINUSE: address already in use :::80', FAILED, 'Error: listen EADDRINUSE: address already in use :::80; port 80 is held by pid 5'],
  ['exit code 1, last line of stderr: giving up', FAILED, 'exit code 1, last line of stderr: giving up; port 80 is held by pid 5'],
  [null, FAILED, 'exit code 1; port 80 is held by pid 5'],
  ['TypeError: of another kind', FAILED, 'TypeError: of another kind'],
  [null, ABORTED, null],
  [null, { code: 0, signal: null }, null],
])('after a listen that failed: %s', (cause, exit, expected) => {
  expect(withHolder(cause, 'port 80 is held by pid 5', exit)).toBe(expected);
  expect(withHolder(cause, null, exit)).toBe(cause);
});
