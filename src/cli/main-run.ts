/** The program of `lb run`, for which a container waits. */
import { standBehindInit } from '../system/first-process.ts';
import { run } from './commands/run.ts';
import { runAlone } from './run-alone.ts';

standBehindInit();
runAlone('run', run);
