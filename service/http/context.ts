import type { HttpBindings } from '@hono/node-server';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { RequestRecord } from '../observability/request-record.ts';

/** What middleware hands to routes. */
export interface AppEnv {
  readonly Bindings: Partial<HttpBindings>;
  readonly Variables: {
    readonly requestId: string;
    readonly record: RequestRecord;
  };
}

/** The application's type. */
export type App = OpenAPIHono<AppEnv>;
