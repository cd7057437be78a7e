import { ENVIRONMENT_VARIABLE } from './definitions.ts';
import type { Environment } from './setting.ts';
import { nearestSetting } from './suggest.ts';

/** Prefix of the project's own variables; unknown ones are refused. */
const RESERVED_PREFIX = 'OFA_VE_';

/** Variables that Kubernetes sets in every pod beside a Service called `ofa-ve...` (service links). */
const SERVICE_LINK = /_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
const SERVICE_LINK_ADDRESS = /^(tcp|udp|sctp):\/\//;

/** A variable with the project's prefix that the service does not know, and with which it does not start. */
export interface UnknownVariable {
  readonly name: string;
  /** The setting that was probably meant. */
  readonly meant: string | undefined;
}

/** Finds the variables that the service refuses for their names. */
export function unknownVariables(environment: Environment): UnknownVariable[] {
  return Object.entries(environment)
    .filter(([name, text]) => name.startsWith(RESERVED_PREFIX) && !isServiceLink(name, text ?? ''))
    .filter(([name]) => name !== ENVIRONMENT_VARIABLE)
    .map(([name]) => ({ name, meant: nearestSetting(name.slice(RESERVED_PREFIX.length)) }));
}

function isServiceLink(name: string, text: string): boolean {
  return SERVICE_LINK.test(name) || (name.endsWith('_PORT') && SERVICE_LINK_ADDRESS.test(text));
}
