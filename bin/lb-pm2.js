#!/usr/bin/env node
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`lb-pm2 needs Node.js 20.19 or newer, this is ${process.version}\n`);
  process.exit(1);
}
if (major > 20) require('./keep-compiled.js')();
require('../dist/cli/main-pm2.cjs');
