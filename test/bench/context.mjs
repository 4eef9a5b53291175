import { Independent } from './subjects/independent.mjs';
import { Lb } from './subjects/lb.mjs';
import { NodeCluster } from './subjects/node-cluster.mjs';
import { Oxmgr } from './subjects/oxmgr.mjs';
import { PlainNode } from './subjects/plain-node.mjs';
import { Pm2 } from './subjects/pm2.mjs';
import { Population } from './subjects/population.mjs';
import { BARE_NGINX, HAPROXY, NGINX, Proxied } from './subjects/proxied.mjs';

/** What a measure works with. Each subject it makes has a home and processes of its own. */
export class Context {
  /**
   * @param {import('./lib/workspace.mjs').Workspace} workspace
   * @param {{ lbProgram: string, others: import('./subjects/installed.mjs').Others, scale: ReturnType<typeof import('./options.mjs').parseOptions>['scale'] }} settings
   */
  constructor(workspace, { lbProgram, others, scale }) {
    this.workspace = workspace;
    this.lbProgram = lbProgram;
    this.others = others;
    this.scale = scale;
  }

  lb() {
    return this.own(new Lb(this.workspace, this.lbProgram));
  }

  /** A daemon with apps that are only told to it. */
  population() {
    return this.own(new Population(this.workspace, this.lbProgram));
  }

  nodeCluster() {
    return this.own(new NodeCluster(this.workspace));
  }

  /** Nothing where npm could not install it. @returns {Pm2[]} */
  pm2() {
    const { pm2 } = this.others;
    return pm2 === null ? [] : [this.own(new Pm2(this.workspace, pm2.program))];
  }

  /** Nothing where it is not installed. @returns {Oxmgr[]} */
  oxmgr() {
    const { oxmgr } = this.others;
    return oxmgr === null ? [] : [this.own(new Oxmgr(this.workspace, oxmgr.program))];
  }

  /** lb, node:cluster and, where it is there, PM2. */
  supervisors() {
    return [this.lb(), this.nodeCluster(), ...this.pm2()];
  }

  plainNode() {
    return this.own(new PlainNode(this.workspace));
  }

  independent() {
    return this.own(new Independent(this.workspace));
  }

  /** Those that are installed, in front of plain processes. */
  proxies() {
    const { nginx, haproxy } = this.others;
    return [
      { kind: NGINX, found: nginx },
      { kind: HAPROXY, found: haproxy },
    ]
      .filter(({ found }) => found !== null)
      .map(({ kind, found }) => this.own(new Proxied(this.workspace, kind, found.program, new Independent(this.workspace))));
  }

  /** nginx with a bare `proxy_pass` in front of a subject; null where it is not installed. @param {ConstructorParameters<typeof Proxied>[3]} behind */
  behindNginx(behind) {
    const { nginx } = this.others;
    return nginx === null ? null : this.own(new Proxied(this.workspace, BARE_NGINX, nginx.program, behind));
  }

  /** @template {{ close(): Promise<void> }} T @param {T} resource */
  own(resource) {
    return this.workspace.own(resource);
  }

  /** @param {{ close(): Promise<void> }} resource */
  async close(resource) {
    await this.workspace.close(resource);
  }

  /** @param {string} text */
  progress(text) {
    process.stderr.write(`    ${text}\n`);
  }
}
