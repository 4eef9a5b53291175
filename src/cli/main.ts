/** The program of every command but `lb logs`. */
import { standBehindInit } from '../system/first-process.ts';
import { runLean } from './run-lean.ts';
import { runProgram } from './run-program.ts';

standBehindInit();
runProgram(runLean);
