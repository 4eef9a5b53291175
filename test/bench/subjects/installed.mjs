import { spawnSync } from 'node:child_process';
import { findProgram } from '../lib/program.mjs';
import { installPm2 } from './pm2.mjs';

/** @typedef {{ program: string, version: string }} Installed */
/** @typedef {{ pm2: Installed | null, oxmgr: Installed | null, nginx: Installed | null, haproxy: Installed | null, leftOut: string[] }} Others */

/** @param {string} name @returns {Installed | null} */
function findProxy(name) {
  const program = findProgram(name);
  if (program === null) return null;
  const { stdout, stderr } = spawnSync(program, ['-v'], { encoding: 'utf8' });
  return { program, version: /version:? (?:nginx\/)?(\S+)/.exec(`${stdout}${stderr}`)?.[1] ?? 'of an unknown version' };
}

/** @returns {Installed | null} */
function findOxmgr() {
  const program = findProgram('oxmgr');
  if (program === null) return null;
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return { program, version: /(\d+\.\S+)/.exec(stdout ?? '')?.[1] ?? 'of an unknown version' };
}

/**
 * What lb is compared with, as far as this machine has it: PM2 from npm, Oxmgr and the proxies as they are installed.
 * @param {import('../lib/workspace.mjs').Workspace} workspace
 * @returns {Promise<Others>} with a reason for each that is left out
 */
export async function findOthers(workspace) {
  const leftOut = [];
  const pm2 = await installPm2(workspace).catch((error) => {
    leftOut.push(`PM2 (npm could not install it: ${error.message.match(/E[A-Z]{4,}/)?.[0] ?? error.message.split('\n')[0]})`);
    return null;
  });
  const oxmgr = findOxmgr();
  if (oxmgr === null) leftOut.push('Oxmgr (not installed)');
  const [nginx, haproxy] = ['nginx', 'haproxy'].map(findProxy);
  if (nginx === null) leftOut.push('nginx (not installed)');
  if (haproxy === null) leftOut.push('HAProxy (not installed)');
  return { pm2, oxmgr, nginx, haproxy, leftOut };
}
