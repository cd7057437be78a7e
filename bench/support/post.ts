import { request, type Agent, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';

/**
 * Posts a body, and reads the response to its end.
 *
 * @throws Error if the connection breaks before
 */
export function post(
  url: string,
  agent: Agent,
  headers: OutgoingHttpHeaders,
  body: string | Buffer,
): Promise<IncomingMessage> {
  const length = Buffer.byteLength(body);
  return new Promise((resolve, reject) => {
    request(url, { method: 'POST', agent, headers: { ...headers, 'content-length': length } }, (response) => {
      response.resume();
      response.on('error', reject).on('end', () => {
        resolve(response);
      });
    })
      .on('error', reject)
      .end(body);
  });
}
