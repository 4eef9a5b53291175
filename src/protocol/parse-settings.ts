import type { PrimarySettings } from './attach.ts';
import { absolutePath, appName, appUser } from './parse-app-spec.ts';
import { boolean, object, optional, string } from './parser.ts';

/** The settings of a primary, from the daemon that starts it. @throws Malformed */
export const parsePrimarySettings = object<PrimarySettings>({
  name: appName,
  home: absolutePath,
  daemonLog: absolutePath,
  daemonNode: absolutePath,
  program: absolutePath,
  version: string,
  foreground: boolean,
  user: optional(appUser),
});
