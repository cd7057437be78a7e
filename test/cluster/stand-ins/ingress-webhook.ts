import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { ApiClient, ApiObject } from '../control-plane/api-client.ts';

const CANARY = 'nginx.ingress.kubernetes.io/canary';
const CONFIGURATION = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const NAME = 'ingress-nginx-admission';

/** An Ingress, as far as the webhook and the checks read it. */
export interface Ingress extends ApiObject {
  readonly metadata: ApiObject['metadata'] & {
    readonly namespace: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly rules: readonly {
      readonly host: string;
      readonly http: { readonly paths: readonly { path: string }[] };
    }[];
  };
}

interface AdmissionReview {
  readonly request: { readonly uid: string; readonly object: Ingress };
}

/** Lists the Ingresses of namespaces. */
export async function ingressesIn(client: ApiClient, namespaces: readonly string[]): Promise<Ingress[]> {
  const { items } = await client.get<{ items: Ingress[] }>('/apis/networking.k8s.io/v1/ingresses');
  return items.filter(({ metadata }) => namespaces.includes(metadata.namespace));
}

/** The hosts and paths of an Ingress, as the webhook names them. */
export function addressesOf({ spec }: Ingress): string[] {
  return spec.rules.flatMap(({ host, http }) => http.paths.map(({ path }) => `host "${host}" and path "${path}"`));
}

/** Stands in for the webhook of ingress-nginx, in some namespaces: it refuses an Ingress for the address of another. */
export class IngressWebhook {
  readonly #client: ApiClient;
  readonly #namespaces: readonly string[];
  readonly #server: Server;

  private constructor(client: ApiClient, certificate: { cert: string; key: string }, namespaces: readonly string[]) {
    this.#client = client;
    this.#namespaces = namespaces;
    this.#server = createServer(certificate, (request, response) => {
      void json(request)
        .then((review) => this.#answer(review as AdmissionReview))
        .catch((error: unknown) => ({ error: String(error) }))
        .then((body) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)));
    });
  }

  static async start(
    client: ApiClient,
    certificate: { cert: string; key: string },
    namespaces: readonly string[],
  ): Promise<IngressWebhook> {
    const webhook = new IngressWebhook(client, certificate, namespaces);
    webhook.#server.listen(0, '127.0.0.1');
    await once(webhook.#server, 'listening');
    const { port } = webhook.#server.address() as AddressInfo;
    const caBundle = Buffer.from(certificate.cert).toString('base64');
    const rule = { apiGroups: ['networking.k8s.io'], apiVersions: ['v1'], resources: ['ingresses'] };
    const inNamespaces = { key: 'kubernetes.io/metadata.name', operator: 'In', values: namespaces };
    await client.post(CONFIGURATION, {
      metadata: { name: NAME },
      webhooks: [
        {
          name: 'validate.nginx.ingress.kubernetes.io',
          admissionReviewVersions: ['v1'],
          clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle },
          rules: [{ ...rule, operations: ['CREATE', 'UPDATE'] }],
          namespaceSelector: { matchExpressions: [inNamespaces] },
          failurePolicy: 'Fail',
          sideEffects: 'None',
        },
      ],
    });
    return webhook;
  }

  async stop(): Promise<void> {
    await this.#client.delete(`${CONFIGURATION}/${NAME}`);
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer({ request: { uid, object } }: AdmissionReview) {
    const message = await this.#refusalOf(object);
    const verdict = message === undefined ? { allowed: true } : { allowed: false, status: { message } };
    return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, ...verdict } };
  }

  /** An Ingress of a canary may have the address of its stable version. */
  async #refusalOf(ingress: Ingress): Promise<string | undefined> {
    const isCanary = (each: Ingress) => each.metadata.annotations?.[CANARY] === 'true';
    const isOther = ({ metadata: { namespace, name } }: Ingress) =>
      name !== ingress.metadata.name || namespace !== ingress.metadata.namespace;
    const addresses = addressesOf(ingress);
    const rivals = (await ingressesIn(this.#client, this.#namespaces)).filter(
      (each) => isOther(each) && isCanary(each) === isCanary(ingress),
    );
    for (const rival of rivals) {
      const shared = addressesOf(rival).find((address) => addresses.includes(address));
      const { namespace, name } = rival.metadata;
      if (shared !== undefined) return `${shared} is already defined in ingress ${namespace}/${name}`;
    }
    return undefined;
  }
}
