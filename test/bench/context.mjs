import { Lb } from './subjects/lb.mjs';
import { NodeCluster } from './subjects/node-cluster.mjs';
import { PlainNode } from './subjects/plain-node.mjs';
import { Pm2 } from './subjects/pm2.mjs';

/** What a measure works with. Each subject it makes has a home and processes of its own. */
export class Context {
  /**
   * @param {import('./lib/workspace.mjs').Workspace} workspace
   * @param {{ lbProgram: string, pm2Program: string, scale: ReturnType<typeof import('./options.mjs').parseOptions>['scale'] }} settings
   */
  constructor(workspace, { lbProgram, pm2Program, scale }) {
    this.workspace = workspace;
    this.lbProgram = lbProgram;
    this.pm2Program = pm2Program;
    this.scale = scale;
  }

  lb() {
    return this.own(new Lb(this.workspace, this.lbProgram));
  }

  nodeCluster() {
    return this.own(new NodeCluster(this.workspace));
  }

  pm2() {
    return this.own(new Pm2(this.workspace, this.pm2Program));
  }

  plainNode() {
    return this.own(new PlainNode(this.workspace));
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
