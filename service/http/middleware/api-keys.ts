/** The two ways to send a key, as OpenAPI security schemes. */
export const KEY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'An API key.' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'As an alternative to `bearer`.' },
} as const;

/** A key in either way. The document of a service without keys leaves it out. */
export const KEY_SECURITY: Record<string, string[]>[] = Object.keys(KEY_SCHEMES).map((name) => ({ [name]: [] }));
