import { fileURLToPath } from 'node:url';

/** The bundle of `migrate/agent.ts`. This file lies where the bundle does in which it ends up, because the path is relative to that. */
export const AGENT_FILE = fileURLToPath(new URL('migrate/agent.cjs', import.meta.url));
