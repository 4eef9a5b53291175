import { Frame } from '../terminal/frame.ts';
import type { Model } from './model.ts';
import { drawApp } from './views/app-view.ts';
import { drawApps } from './views/apps-view.ts';
import { drawFooter } from './views/footer.ts';
import { drawHelp } from './views/help-view.ts';
import { drawLogs } from './views/logs-view.ts';

const PAGES = { apps: drawApps, app: drawApp, logs: drawLogs } as const;

/** Renders the model. */
export function view(model: Model): Frame {
  const frame = new Frame(Math.max(1, model.columns), Math.max(1, model.rows));
  if (model.help) drawHelp(frame, model);
  else {
    PAGES[model.page](frame, model);
    if (!model.still) drawFooter(frame, model);
  }
  return frame;
}
