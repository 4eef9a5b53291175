import { PlainNode } from './plain-node.mjs';

/** As many `node app.cjs` as another subject has workers, each on a port of its own, with nothing in front of them. */
export class Independent {
  name = 'separate ports';

  /** @param {import('../lib/workspace.mjs').Workspace} workspace */
  constructor(workspace) {
    this.plainNode = new PlainNode(workspace);
  }

  /** @param {{ workers: number }} options */
  async start({ workers }) {
    const apps = [];
    for (let i = 0; i < workers; i++) apps.push(await this.plainNode.start());
    return {
      ports: apps.map(({ port }) => port),
      get processes() {
        return apps.flatMap((app) => app.processes);
      },
    };
  }

  async close() {
    await this.plainNode.close();
  }
}
