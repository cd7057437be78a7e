/** Most redirects that a request follows. */
export const MAX_REDIRECTS = 5;
/**
 * More than arrives in one turn of the event loop. undici 7 crashes the process if a server closes the connection
 * while a full buffer has paused the response (nodejs/undici#5360, fixed in version 8, which needs Node.js 22), so
 * readers must take the body as it arrives.
 */
export const BODY_BUFFER_BYTES = 4 << 20;
