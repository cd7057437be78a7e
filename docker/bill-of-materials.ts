/** A software bill of materials in CycloneDX's format, as far as it is changed here. */
export interface BillOfMaterials {
  readonly serialNumber?: string | undefined;
  readonly metadata: { readonly timestamp?: string | undefined; readonly component: Component };
  readonly components: readonly Component[];
}

interface Component {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly cpe?: string;
  /** What is compiled into it. */
  readonly components?: readonly Component[];
}

/** Versions of libraries by their names. */
export type Versions = Readonly<Record<string, string | undefined>>;

/** What `npm sbom` does not know. */
export interface Binaries {
  /** Node.js and what is compiled into it: `process.versions`. */
  readonly node: Versions;
  /** What is compiled into the shared library of libvips. */
  readonly libvips: Versions;
}

/**
 * Completes what `npm sbom` writes by Node.js and by the libraries inside binaries, which no scanner finds. Its number
 * and date go, so that the same packages make the same file.
 */
export function completed(bom: BillOfMaterials, { node, libvips }: Binaries): BillOfMaterials {
  const { metadata, components } = bom;
  return {
    ...bom,
    serialNumber: undefined,
    // npm takes the name from the folder.
    metadata: { ...metadata, timestamp: undefined, component: { ...metadata.component, name: 'ofa-ve' } },
    components: [
      nodeComponent(node),
      ...components.map((each) =>
        each.name.startsWith('@img/sharp-libvips-') ? { ...each, components: libraries(libvips) } : each,
      ),
    ],
  };
}

function nodeComponent({ node = '', ...inside }: Versions): Component {
  return {
    type: 'application',
    name: 'node',
    version: node,
    purl: `pkg:generic/node@${node}`,
    cpe: `cpe:2.3:a:nodejs:node.js:${node}:*:*:*:-:*:*:*`,
    components: libraries(inside),
  };
}

/** Entries of `process.versions` that are no libraries: numbers of Node.js's binary interfaces. */
const INTERFACES = ['modules', 'napi'];

function libraries(versions: Versions): Component[] {
  return Object.entries(versions).flatMap(([name, version = '']) =>
    // Node.js gives some libraries no version.
    version === '' || INTERFACES.includes(name)
      ? []
      : [{ type: 'library', name, version, purl: `pkg:generic/${name}@${encodeURIComponent(version)}` }],
  );
}
