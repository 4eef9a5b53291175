/** The program of `lb logs`, which people call often. */
import { logs } from './commands/logs.ts';
import { runAlone } from './run-alone.ts';

runAlone('logs', logs);
