import { field, record, string } from '../protocol/parser.ts';
import { fromDaemon } from './parse-list.ts';
import { appPath, type Channel } from './request.ts';

/** The body of `GET /v1/apps/:name/env`. @throws LbError LB_ERR_MESSAGE */
const parseEnv = fromDaemon('environment', field('env', record(string)));

/** The environment in the definition of an app. */
export const fetchEnv = async (channel: Channel, app: string): Promise<Readonly<Record<string, string>>> => parseEnv(await channel.json(appPath(app, 'env')));
