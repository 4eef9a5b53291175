import { spawnSync } from 'node:child_process';
import { formatSteps, type Step } from './plan.ts';
import { parseOptions, USAGE, type ChaosOptions } from './options.ts';
import { ChaosFailure, runChaos } from './run.ts';

const SHOWN_STEPS = 3;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

function readOptions(args: readonly string[]): ChaosOptions | null {
  try {
    return parseOptions(args, Date.now() % 1_000_000);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return null;
  }
}

/** How to see the same again: the whole run up to here, and the last steps alone. */
function replay({ words, node, shared }: ChaosOptions, steps: readonly Step[]): string {
  const same = node === null ? [] : ['--node', node];
  const whole = ['npm run chaos --', ...words, '--steps', String(steps.length), ...same].join(' ');
  const last = ['npm run chaos --', ...(shared ? ['--shared'] : []), '--replay', `"${formatSteps(steps.slice(-SHOWN_STEPS))}"`, ...same].join(' ');
  return `replay: ${whole}\nlast steps alone: ${last}`;
}

/** @param program that this runs in @param args of the command line. @returns the exit code */
export async function main(program: string, args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === null) return 2;
  if (options.help) {
    say(USAGE);
    return 0;
  }
  // Everything that is started runs on the Node.js that starts it.
  if (options.node !== null && options.node !== process.execPath) {
    return spawnSync(options.node, [program, ...args], { stdio: 'inherit' }).status ?? 1;
  }
  say(`Node.js ${process.version}, ${options.words.join(' ')}`);
  const interrupted = new AbortController();
  process.once('SIGINT', () => {
    say('interrupted: ending after this step');
    interrupted.abort();
  });
  try {
    await runChaos({ ...options, say, signal: interrupted.signal });
    return 0;
  } catch (error) {
    if (!(error instanceof ChaosFailure)) throw error;
    say(`${error.report}\n\nFAILED in step ${error.steps.length}, ${formatSteps(error.steps.slice(-1))}: ${error.message}\n\n${replay(options, error.steps)}`);
    return 1;
  }
}
