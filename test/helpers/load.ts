import { onTestFinished } from 'vitest';
import { generateLoad, type Load, type LoadOptions } from './generate-load.ts';

export type { Load, LoadMode, LoadOptions } from './generate-load.ts';

/** Clients without retries against one server, until stopped, or until the test ends. */
export function startLoad(options: LoadOptions): Load {
  const load = generateLoad(options);
  onTestFinished(async () => void (await load.stop()));
  return load;
}
