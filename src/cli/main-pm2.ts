/** The program `lb-pm2`. */
import { runPm2 } from './pm2/run-pm2.ts';
import { runProgram } from './run-program.ts';

runProgram(runPm2);
