import { parseApps, parseJson, parseListedApps } from '../client/parse.ts';
import { quickGet } from '../client/quick-get.ts';
import { EXIT } from '../errors/registry.ts';
import type { Context } from './context.ts';
import { terminalWidth } from './io.ts';
import { listView } from './output/list-view.ts';

/** How `lb list` is called. */
export const LIST_NAMES: readonly string[] = ['list', 'ls', 'ps', 'status', 'l'];

/** The everyday `lb list`: a daemon that answers, with apps. Null, with nothing printed, when there is more to say than that. */
export async function quickList({ address, io, json, outStyle, print }: Context): Promise<number | null> {
  try {
    const { status, body } = await quickGet(address, json ? '/v1/apps' : '/v1/list');
    if (status !== 200) return null;
    const answer = parseJson(body, 'list of apps');
    const apps = json ? parseApps(answer) : parseListedApps(answer);
    if (apps.length === 0) return null;
    if (json) print(JSON.stringify(apps));
    else io.stdout.write(listView(apps, { width: terminalWidth(io.stdout), style: outStyle }));
    return EXIT.ok;
  } catch {
    return null;
  }
}
