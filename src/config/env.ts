/** Environment variables: objects are handed over as JSON, null takes an inherited variable away. */
export type Env = Readonly<Record<string, unknown>>;
