import { checked } from '../protocol/checked.ts';
import { appWithWorkers, listedApp } from '../protocol/parse-listed-app.ts';
import { field, list, type Parser } from '../protocol/parser.ts';

export const fromDaemon = <T>(what: string, parser: Parser<T>): Parser<T> => checked(`${what} from the daemon`, parser);

/** The body of `GET /v1/list`; that of `GET /v1/apps` is a superset. @throws LbError LB_ERR_MESSAGE */
export const parseListedApps = fromDaemon('list of apps', field('apps', list(listedApp)));

/** The part of the body of `GET /v1/apps` that `lb list --workers` shows. @throws LbError LB_ERR_MESSAGE */
export const parseAppsWithWorkers = fromDaemon('list of apps', field('apps', list(appWithWorkers)));
