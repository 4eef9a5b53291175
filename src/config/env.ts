/** Environment variables: objects are passed as JSON, null removes an inherited variable. */
export type Env = Readonly<Record<string, unknown>>;
