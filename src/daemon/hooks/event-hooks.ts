import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { wantsEvent, type EventHookSpec } from '../../lifecycle/event-hook.ts';
import type { LbEvent } from '../../protocol/event.ts';
import { withDeadline } from '../../system/deadline.ts';
import type { Hook } from './hook-failures.ts';
import { HookQueue } from './hook-queue.ts';
import { postEvent } from './post-event.ts';
import { runCommand } from './run-command.ts';

const TIMEOUT_MS = 10_000;
/** Of a command or URL in a message. */
const NAME_LENGTH = 100;

/** A hook may have both; each has its own queue, so that one that fails does not repeat the other. */
const TARGETS = ['run', 'url'] as const;
type Target = (typeof TARGETS)[number];

/** What goes to one target of the hook of one app. */
interface Calls {
  readonly queue: HookQueue;
  /** Has the hook as it was last defined. */
  spec: AppSpec;
}

interface EventHooksOptions {
  /** All apps, in order. */
  readonly apps: () => readonly string[];
  /** The definition of an app as it is now; undefined when there is none. */
  readonly specOf: (app: string) => AppSpec | undefined;
  readonly failed: (app: string, message: string) => void;
  /** Default 10 s. */
  readonly timeoutMs?: number;
  /** See `HookQueue`. */
  readonly retryDelaysMs?: readonly number[];
}

/**
 * Gives the events of each app to its `on_event` hook, and those of no app to all of them, once where several apps have
 * the same one. Whatever a hook does, nobody waits for it.
 */
export class EventHooks {
  readonly #options: EventHooksOptions;
  readonly #calls = new Map<string, Calls>();
  readonly #underWay = new Set<AbortController>();

  constructor(options: EventHooksOptions) {
    this.#options = options;
  }

  happened(event: LbEvent): void {
    const given = new Set<string>();
    for (const app of event.app === null ? this.#options.apps() : [event.app]) {
      const spec = this.#options.specOf(app);
      const hook = spec?.onEvent ?? null;
      if (spec === undefined || hook === null || !wantsEvent(hook, event)) continue;
      for (const target of TARGETS) {
        const same = definition(spec, target);
        if (hook[target] === null || given.has(same)) continue;
        given.add(same);
        const calls = this.#callsOf(app, target, spec);
        calls.spec = spec;
        calls.queue.add(event);
      }
    }
  }

  /** The app was deleted. What happened before that is still told, to the hook that it had. */
  forget(app: string): void {
    for (const target of TARGETS) {
      const key = keyOf(app, target);
      const calls = this.#calls.get(key);
      if (calls === undefined) continue;
      void calls.queue.settled().then(() => {
        if (this.#options.specOf(app) !== undefined || this.#calls.get(key) !== calls) return;
        this.#calls.delete(key);
        calls.queue.close();
      });
    }
  }

  /** What is under way has so long to end; then it is given up, and nothing more is tried. */
  async close(withinMs: number): Promise<void> {
    const queues = [...this.#calls.values()].map(({ queue }) => queue);
    await withDeadline(Promise.all(queues.map((queue) => queue.settled())), withinMs);
    for (const queue of queues) queue.close();
    for (const controller of this.#underWay) controller.abort('the daemon ended');
  }

  #callsOf(app: string, target: Target, spec: AppSpec): Calls {
    const key = keyOf(app, target);
    const known = this.#calls.get(key);
    if (known !== undefined) return known;
    const { specOf, failed, retryDelaysMs } = this.#options;
    // As it is defined now: a reload may have repaired it since the last try. Without one, as it was.
    const latest = (): AppSpec => {
      const now = specOf(app);
      if (now !== undefined && isDefined(now, target)) calls.spec = now;
      return calls.spec;
    };
    const queue = new HookQueue({
      hook: () => hookOf(latest(), target),
      call: (event) => this.#call(latest(), target, event),
      failed: (message) => failed(app, message),
      retryDelaysMs,
    });
    const calls: Calls = { queue, spec };
    this.#calls.set(key, calls);
    return calls;
  }

  async #call({ onEvent, cwd, env }: AppSpec, target: Target, event: LbEvent): Promise<void> {
    const { timeoutMs = TIMEOUT_MS } = this.#options;
    const { run = null, url = null } = onEvent ?? {};
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(`not finished within ${timeoutMs / 1000} s`), timeoutMs);
    this.#underWay.add(controller);
    try {
      if (target === 'run' && run !== null) await runCommand({ run, cwd, env }, event, controller.signal);
      if (target === 'url' && url !== null) await postEvent(url, event, controller.signal);
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(controller);
    }
  }
}

const keyOf = (app: string, target: Target): string => `${app} ${target}`;
const isDefined = ({ onEvent }: AppSpec, target: Target): boolean => (onEvent?.[target] ?? null) !== null;
const hookOf = (spec: AppSpec, target: Target): Hook => ({
  id: definition(spec, target),
  name: `on_event ${target} ${nameOf(spec.onEvent, target)}`.trimEnd(),
});

/** The same for hooks that do the same. */
const definition = ({ onEvent, cwd, env }: AppSpec, target: Target): string =>
  JSON.stringify([target, onEvent?.[target], ...(target === 'run' ? [cwd, env] : [])]);

/** On one line; of a URL without password and query, which may be secrets. */
function nameOf(hook: EventHookSpec | null, target: Target): string {
  const called = hook?.[target] ?? '';
  const text = (typeof called === 'string' ? called : called.join(' ')).replaceAll(/\s+/g, ' ');
  const url = target === 'url' && URL.canParse(text) ? new URL(text) : null;
  const name = url === null ? text : url.origin + url.pathname;
  return name.length > NAME_LENGTH ? `${name.slice(0, NAME_LENGTH)}…` : name;
}
