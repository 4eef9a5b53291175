import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { wantsEvent, type EventHookSpec } from '../../lifecycle/event-hook.ts';
import type { LbEvent } from '../../protocol/event.ts';
import { withDeadline } from '../../system/deadline.ts';
import type { Hook } from './hook-failures.ts';
import { HookQueue } from './hook-queue.ts';
import { postEvent } from './post-event.ts';
import { runCommand } from './run-command.ts';

const TIMEOUT_MS = 10_000;
/** Maximum length of a command or URL in messages. */
const NAME_LENGTH = 100;

/** A hook can have both. Each has its own queue, so that a failure of one does not repeat the other. */
const TARGETS = ['run', 'url'] as const;
type Target = (typeof TARGETS)[number];

/** Deliveries to one target of one app's hook. */
interface Calls {
  readonly queue: HookQueue;
  /** The app's last definition that has this target. */
  spec: AppSpec;
}

interface EventHooksOptions {
  /** All apps, in order. */
  readonly apps: () => readonly string[];
  /** The current definition of an app; undefined if there is none. */
  readonly specOf: (app: string) => AppSpec | undefined;
  readonly failed: (app: string, message: string) => void;
  /** Default 10 s. */
  readonly timeoutMs?: number;
  /** See `HookQueue`. */
  readonly retryDelaysMs?: readonly number[];
}

/**
 * Delivers events to the `on_event` hook of their app. An event of the daemon goes to the hooks of all apps, once if several
 * are the same. Delivery runs in the background.
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

  /** Called when the app was deleted. Waiting events are still delivered, to its last hook. */
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

  /** Waits up to this long for deliveries, then aborts and drops the rest. */
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
    // A reload may have fixed the hook since the last attempt. If there is none any longer, use the last one.
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

  async #call({ onEvent, cwd, env, user }: AppSpec, target: Target, event: LbEvent): Promise<void> {
    const { timeoutMs = TIMEOUT_MS } = this.#options;
    const { run = null, url = null } = onEvent ?? {};
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(`not finished within ${timeoutMs / 1000} s`), timeoutMs);
    this.#underWay.add(controller);
    try {
      if (target === 'run' && run !== null) await runCommand({ run, cwd, env, user }, event, controller.signal);
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

/** Equal for hooks that do the same. */
const definition = ({ onEvent, cwd, env, user }: AppSpec, target: Target): string =>
  JSON.stringify([target, onEvent?.[target], ...(target === 'run' ? [cwd, env, user] : [])]);

/** The command or URL on one line; a URL without password and query, which may be secret. */
function nameOf(hook: EventHookSpec | null, target: Target): string {
  const called = hook?.[target] ?? '';
  const text = (typeof called === 'string' ? called : called.join(' ')).replaceAll(/\s+/g, ' ');
  const url = target === 'url' && URL.canParse(text) ? new URL(text) : null;
  const name = url === null ? text : url.origin + url.pathname;
  return name.length > NAME_LENGTH ? `${name.slice(0, NAME_LENGTH)}…` : name;
}
