/** Where the built page of the dashboard is, seen from the bundle and from here alike. */
export const DASHBOARD_FILES = new URL('../../dist/dashboard/', import.meta.url);
