/** `npm run chaos`: see `--help`. */
import { fileURLToPath } from 'node:url';
import { createJiti } from 'jiti';

const { main } = await createJiti(import.meta.url, { fsCache: false }).import('./main.ts');
process.exitCode = await main(fileURLToPath(import.meta.url), process.argv.slice(2));
