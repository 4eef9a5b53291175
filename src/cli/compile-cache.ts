import module from 'node:module';

/** From Node 22.1 on: keeps compiled code between calls, which saves about 20 ms each. */
export function enableCache(): void {
  const { enableCompileCache } = module as { enableCompileCache?: () => unknown };
  enableCompileCache?.();
}
