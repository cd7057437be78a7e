import type { HttpBindings } from '@hono/node-server';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { RequestRecord } from '../observability/request-record.ts';

/** What middleware passes to routes. */
export interface AppEnv {
  readonly Bindings: Partial<HttpBindings>;
  readonly Variables: {
    readonly requestId: string;
    readonly record: RequestRecord;
    /** Name of the API key, or the address: whom a fair share belongs to. */
    readonly client?: string;
  };
}

export type App = OpenAPIHono<AppEnv>;
