import type { GrpcDeps } from '../grpc/calls.ts';
import type { ApiKeys } from '../http/middleware/api-keys.ts';
import { HttpProblem } from '../requests/problem.ts';

/** Requires one of the keys of calls over gRPC, as `requireApiKey` does over HTTP. */
export function identifyBy(keys: ApiKeys): NonNullable<GrpcDeps['identify']> {
  return ({ header, record }) => {
    const bearer = /^Bearer +(\S+)$/i.exec(header('authorization') ?? '')?.[1];
    const offered = [bearer, header('x-api-key')].filter((key) => key !== undefined);
    if (offered.length === 0) {
      throw new HttpProblem('unauthorized', 'Send an API key, as "Authorization: Bearer <key>" or "X-API-Key: <key>".');
    }
    const name = offered.map((key) => keys.nameOf(key)).find((found) => found !== undefined);
    if (name === undefined) throw new HttpProblem('forbidden', 'This API key is not accepted.');
    record.attributes['api_key'] = name;
    return name;
  };
}
