/** The built dashboard page. The same relative path works from this file and from the bundle. */
export const DASHBOARD_FILES = new URL('../../dist/dashboard/', import.meta.url);
