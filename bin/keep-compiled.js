const { statSync } = require('node:fs');
const { enableCompileCache } = require('node:module');
const { homedir } = require('node:os');
const path = require('node:path');

/**
 * From Node 22.1 on, compiled code is kept between calls: in the home of `lb`, if there is one that is ours alone. Node's own place is
 * in /tmp, where another user could put code into it.
 */
module.exports = function keepCompiled() {
  const home = process.env.LB_HOME || join(homedir(), '.lb');
  const found = statSync(home, { throwIfNoEntry: false });
  if (found?.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0) enableCompileCache?.(path.join(home, 'compile-cache'));
};
