import { MAX_WEIGHT } from '../lifecycle/app-spec.ts';
import { BALANCE_STRATEGIES } from '../lifecycle/balance-strategy.ts';
import { plural } from '../lifecycle/wording.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { Dialog, Effect, Model, AppRequest, Update } from './model.ts';
import { currentApp, currentWorker } from './rows.ts';

export const stay = (model: Model, ...effects: Effect[]): Update => ({ model, effects });
export const refuse = (model: Model, text: string): Update => stay({ ...model, notice: { text, kind: 'bad' } });

export function submit(model: Model, order: AppRequest, text: string): Update {
  return stay({ ...model, dialog: null, notice: { text, kind: 'info' } }, { do: 'order', order });
}

type OnApp = (model: Model, app: AppSnapshot) => Update;

/** Acts on the current app. */
const onApp =
  (act: OnApp) =>
  (model: Model): Update => {
    const app = currentApp(model);
    return app === undefined ? refuse(model, 'no app selected') : act(model, app);
  };

const onRunning = (act: OnApp): ((model: Model) => Update) =>
  onApp((model, app) => (app.primaryPid === null ? refuse(model, `${app.name} is ${app.state}; press u to start it`) : act(model, app)));

const ask = (model: Model, question: string, order: AppRequest): Update => stay({ ...model, notice: null, dialog: { kind: 'confirm', question, order } });

export const reload = onRunning((model, { name, instances }) => {
  const replaced = instances === 1 ? 'A new worker takes over' : `Its ${instances} workers are replaced one at a time`;
  return ask(model, `reload ${name}? ${replaced}; no requests are dropped`, { app: name, action: 'reload', body: {} });
});

export const restart = onRunning((model, { name }) =>
  ask(model, `restart ${name}? Connections wait until the new workers are ready`, { app: name, action: 'restart', body: {} }),
);

export const stop = onRunning((model, { name }) => ask(model, `stop ${name}? It drains, then refuses connections`, { app: name, action: 'stop', body: {} }));

/** Not checked here: what the screen shows may be a second old. */
export const start = onApp((model, { name }) => submit(model, { app: name, action: 'start', body: {} }, `starting ${name} …`));

const isAuto = ({ autoscaling }: AppSnapshot): boolean => autoscaling?.on === true;

export const scaleUp = onRunning((model, app) => {
  const { name, instances } = app;
  const order: AppRequest = { app: name, action: 'scale', body: { by: 1 } };
  return isAuto(app)
    ? ask(model, `fix ${name} at ${plural(instances + 1, 'worker')}? This turns autoscaling off`, order)
    : submit(model, order, `adding a worker to ${name} …`);
});

export const scaleDown = onRunning((model, app) => {
  const { name, instances } = app;
  if (instances <= 1) return refuse(model, `${name} has one worker; press x to stop the app`);
  const rest = isAuto(app) ? 'The highest slot drains, and autoscaling is turned off' : 'The highest slot drains';
  return ask(model, `scale ${name} down to ${plural(instances - 1, 'worker')}? ${rest}`, { app: name, action: 'scale', body: { by: -1 } });
});

/** Fixing the current number of workers needs no confirmation; turning autoscaling on does, as workers may drain. */
export const switchScaling = onRunning((model, { name, instances, autoscaling }) => {
  if (autoscaling === null) return refuse(model, `${name} has no "scale" in its definition`);
  if (autoscaling.on) return submit(model, { app: name, action: 'scale', body: { to: instances } }, `fixing ${name} at ${plural(instances, 'worker')} …`);
  return ask(model, `autoscale ${name} from ${autoscaling.min} to ${autoscaling.max}? Workers that are not needed drain`, {
    app: name,
    action: 'scale',
    body: { auto: true },
  });
});

export const chooseBalance = onRunning((model, { name, spec }) =>
  stay({ ...model, notice: null, dialog: { kind: 'choice', app: name, options: BALANCE_STRATEGIES, index: BALANCE_STRATEGIES.indexOf(spec.balance) } }),
);

export function killWorker(model: Model): Update {
  const [app, worker] = [currentApp(model), currentWorker(model)];
  if (app === undefined || worker === undefined) return refuse(model, 'no worker selected');
  const question = `kill worker ${worker.slot} of ${app.name} (pid ${worker.pid})? This cuts its ${plural(worker.connections, 'connection')}`;
  return ask(model, question, { app: app.name, action: 'signal', body: { signal: 'SIGKILL', pid: worker.pid } });
}

export function changeWeight(model: Model): Update {
  const [app, worker] = [currentApp(model), currentWorker(model)];
  if (app === undefined || worker === undefined) return refuse(model, 'no worker selected');
  return stay({ ...model, notice: null, dialog: { kind: 'input', purpose: 'weight', text: '', app: app.name, slot: worker.slot, problem: null } });
}

/** Submits the weight that was typed; an invalid one keeps the dialog open. */
export function weightOrder(model: Model, dialog: Extract<Dialog, { purpose: 'weight' }>): Update {
  const { app, slot, text } = dialog;
  const weight = Number(text);
  if (!/^\d{1,3}(\.\d{1,6})?$/.test(text) || weight > MAX_WEIGHT)
    return stay({ ...model, dialog: { ...dialog, problem: `enter a number from 0 to ${MAX_WEIGHT}` } });
  return submit(model, { app, action: 'weight', body: { weights: [{ slot, weight }] } }, `weight of slot ${slot} …`);
}
