#!/usr/bin/env node
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`lb needs Node.js 20.19 or newer, this is ${process.version}\n`);
  process.exit(2);
}
if (major > 20) require('./keep-compiled.js')();
// A bundle of its own, because people wait for it.
require(['logs', 'log'].includes(process.argv[2]) ? '../dist/cli/main-logs.cjs' : '../dist/cli/main.cjs');
