import type { ApiClient } from '../control-plane/api-client.ts';

const CLASSES = '/apis/storage.k8s.io/v1/storageclasses';
const VOLUMES = '/api/v1/persistentvolumes';

/** Stands in for a provisioner: storage classes with as many volumes as the checks take. */
export class Storage {
  readonly #client: ApiClient;
  readonly #classes: readonly string[];

  private constructor(client: ApiClient, classes: readonly string[]) {
    this.#client = client;
    this.#classes = classes;
  }

  /**
   * @param volumes the number of volumes by the storage class
   * @param defaultClass of claims that name none
   */
  static async start(client: ApiClient, volumes: Readonly<Record<string, number>>, defaultClass: string) {
    for (const [name, count] of Object.entries(volumes)) {
      const annotations = { 'storageclass.kubernetes.io/is-default-class': `${name === defaultClass}` };
      await client.post(CLASSES, { metadata: { name, annotations }, provisioner: 'kubernetes.io/no-provisioner' });
      for (let index = 0; index < count; index++) await client.post(VOLUMES, volumeOf(name, index));
    }
    return new Storage(client, Object.keys(volumes));
  }

  /** Removes the classes. The volumes are used once and stay. */
  async stop(): Promise<void> {
    for (const name of this.#classes) await this.#client.delete(`${CLASSES}/${name}`);
  }
}

function volumeOf(storageClassName: string, index: number) {
  return {
    metadata: { name: `${storageClassName}-${index}` },
    spec: {
      capacity: { storage: '10Gi' },
      accessModes: ['ReadWriteMany'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName,
      hostPath: { path: '/tmp' },
    },
  };
}
