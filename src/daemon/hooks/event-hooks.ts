import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { wantsEvent, type EventHookSpec } from '../../lifecycle/event-hook.ts';
import type { LbEvent } from '../../protocol/event.ts';
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
  readonly #queues = new Map<string, HookQueue>();
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
        this.#queue(app, target).add(event);
      }
    }
  }

  /** What is under way has so long to end; then it is given up, and nothing more is tried. */
  async close(withinMs: number): Promise<void> {
    const queues = [...this.#queues.values()];
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
    await Promise.race([Promise.all(queues.map((queue) => queue.settled())), deadline]);
    clearTimeout(timer);
    for (const queue of queues) queue.close();
    for (const controller of this.#underWay) controller.abort('the daemon ended');
  }

  #queue(app: string, target: Target): HookQueue {
    const key = `${app} ${target}`;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      const { failed, retryDelaysMs } = this.#options;
      queue = new HookQueue({ hook: () => this.#hook(app, target), call: (event) => this.#call(app, target, event), failed: (message) => failed(app, message), retryDelaysMs });
      this.#queues.set(key, queue);
    }
    return queue;
  }

  #hook(app: string, target: Target): Hook {
    const spec = this.#options.specOf(app);
    return { id: spec === undefined ? '' : definition(spec, target), name: `on_event ${target} ${nameOf(spec?.onEvent ?? null, target)}`.trimEnd() };
  }

  /** As the hook is defined now: a reload may have repaired it since the last try. */
  async #call(app: string, target: Target, event: LbEvent): Promise<void> {
    const { timeoutMs = TIMEOUT_MS, specOf } = this.#options;
    const spec = specOf(app);
    const { run = null, url = null } = spec?.onEvent ?? {};
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(`no end within ${timeoutMs / 1000} s`), timeoutMs);
    this.#underWay.add(controller);
    try {
      if (target === 'run' && spec !== undefined && run !== null) await runCommand({ run, cwd: spec.cwd, env: spec.env }, event, controller.signal);
      if (target === 'url' && url !== null) await postEvent(url, event, controller.signal);
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(controller);
    }
  }
}

/** The same for hooks that do the same. */
const definition = ({ onEvent, cwd, env }: AppSpec, target: Target): string => JSON.stringify([target, onEvent?.[target], ...(target === 'run' ? [cwd, env] : [])]);

/** On one line; of a URL without password and query, which may be secrets. */
function nameOf(hook: EventHookSpec | null, target: Target): string {
  const called = hook?.[target] ?? '';
  const text = (typeof called === 'string' ? called : called.join(' ')).replaceAll(/\s+/g, ' ');
  const url = target === 'url' && URL.canParse(text) ? new URL(text) : null;
  const name = url === null ? text : url.origin + url.pathname;
  return name.length > NAME_LENGTH ? `${name.slice(0, NAME_LENGTH)}…` : name;
}
