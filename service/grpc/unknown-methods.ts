import type { Server } from '@grpc/grpc-js';

/** Stands for the path of every call to a method that does not exist. OpenTelemetry's name for such methods. */
export const UNKNOWN_METHOD = '/_OTHER';

/** A handler as grpc-js keeps it, by the path of its method. */
interface Handler {
  readonly path: string;
  readonly type: 'unary';
  readonly func: () => void;
  readonly serialize: (value: unknown) => unknown;
  readonly deserialize: (value: unknown) => unknown;
}

const pass = (value: unknown): unknown => value;

/** Never called: the interceptor ends the call before. */
const HANDLER: Handler = {
  path: UNKNOWN_METHOD,
  type: 'unary',
  func: () => undefined,
  serialize: pass,
  deserialize: pass,
};

class HandlersOrUnknown extends Map<string, Handler> {
  override get(path: string): Handler {
    return super.get(path) ?? HANDLER;
  }
}

/**
 * Gives calls to methods and services that do not exist a handler, and so lets interceptors see them: grpc-js would
 * answer them by itself, unseen by log and metrics. It has no setting for that, hence its private map of handlers.
 *
 * @param server one without services
 */
export function handleUnknownMethods(server: Server): void {
  Object.assign(server, { handlers: new HandlersOrUnknown() });
}
