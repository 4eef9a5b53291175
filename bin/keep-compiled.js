const { statSync } = require('node:fs');
const { enableCompileCache } = require('node:module');
const path = require('node:path');

/** The home of `lb`, as far as the environment tells; undefined if it is not there, or not ours alone. */
function safeHome() {
  const { LB_HOME, HOME } = process.env;
  const home = LB_HOME || (HOME && path.join(HOME, '.lb'));
  try {
    const found = home ? statSync(home) : undefined;
    return found?.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0 ? home : undefined;
  } catch {
    return undefined;
  }
}

/**
 * From Node 22.1 on, compiled code is kept between calls: in a home that is ours alone, or not at all. Node's own place is in /tmp, where
 * another user could put code into it.
 */
module.exports = function keepCompiled() {
  const home = safeHome();
  if (home !== undefined) enableCompileCache?.(path.join(home, 'compile-cache'));
};
