import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { waitFor, type WaitOptions } from './wait.ts';

export interface PaneOptions {
  readonly columns: number;
  readonly rows: number;
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string>>;
}

/** A program on the screen of a terminal of its own, which a test looks at and types into. */
export class Pane {
  readonly #tmux: string;
  readonly #socket: string;

  constructor(tmux: string, socket: string, command: readonly string[], { columns, rows, env }: PaneOptions) {
    this.#tmux = tmux;
    this.#socket = socket;
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    // The shell stays below the program: what it leaves behind can be looked at, and it says how it ended.
    const script = '"$@"; echo "ended with $?"; stty -a | grep -o -- "-\\?icanon"; exec sleep 1000';
    this.#run(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      String(columns),
      '-y',
      String(rows),
      'env',
      '-i',
      ...variables,
      'TERM=screen',
      'sh',
      '-c',
      script,
      'sh',
      ...command,
    );
  }

  screen(): string {
    return this.#run('capture-pane', '-p');
  }

  /** Names as tmux has them (`Enter`, `PPage`), or text. */
  type(...keys: readonly string[]): void {
    this.#run('send-keys', ...keys);
  }

  bytes(text: string): void {
    this.#run('send-keys', '-H', ...[...Buffer.from(text)].map((byte) => byte.toString(16)));
  }

  resize(columns: number, rows: number): void {
    this.#run('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Process id of the program, a child of the shell. */
  get programPid(): number {
    const shell = this.#run('display-message', '-p', '#{pane_pid}').trim();
    return Number(readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ')[0]);
  }

  /** Whether the program has the alternate screen. */
  get hasOwnScreen(): boolean {
    return this.#run('display-message', '-p', '#{alternate_on}').trim() === '1';
  }

  until(text: string | RegExp, options: WaitOptions = {}): Promise<string> {
    const has = (screen: string): boolean => (typeof text === 'string' ? screen.includes(text) : text.test(screen));
    return waitFor(`${text} on the screen`, () => (has(this.screen()) ? this.screen() : null), { context: () => this.screen(), ...options });
  }

  close(): void {
    this.#run('kill-server');
  }

  #run(...args: readonly string[]): string {
    return execFileSync(this.#tmux, ['-S', this.#socket, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }
}
