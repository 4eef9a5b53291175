/** The program of every command but `lb logs`. */
import { runLean } from './run-lean.ts';
import { runProgram } from './run-program.ts';

runProgram(runLean);
