/** What the steps of a change need to know of an object. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: {
    readonly [field: string]: unknown;
    /** Of a Deployment. */
    readonly replicas?: number;
    /** Of an autoscaler. */
    readonly scaleTargetRef?: { readonly name: string };
    /** Of a ScaledObject. */
    readonly advanced?: { readonly horizontalPodAutoscalerConfig?: { readonly name?: string } };
    /** Of a PersistentVolumeClaim. */
    readonly resources?: { readonly requests?: { readonly storage?: string } };
    /** Of an Ingress. */
    readonly rules?: readonly {
      readonly host?: string;
      readonly http?: { readonly paths: readonly { readonly path?: string }[] };
    }[];
  };
}
