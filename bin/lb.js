#!/usr/bin/env node
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`lb needs Node.js 20.19 or newer, this is ${process.version}\n`);
  process.exit(2);
}
if (major > 20) require('./keep-compiled.js')();
// Bundles of their own, because people and containers wait for them.
const BUNDLES = new Map([
  ['logs', 'main-logs'],
  ['log', 'main-logs'],
  ['run', 'main-run'],
]);
require(`../dist/cli/${BUNDLES.get(process.argv[2]) ?? 'main'}.cjs`);
