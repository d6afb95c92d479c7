import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { OPERATOR_SERVICE_ACCOUNT } from '../../apis/v1alpha1/names.ts';
import type { KubeObject } from '../../kube/objects.ts';

/** What this release installs, as far as a cluster can be compared with it. */
export interface Manifest {
  readonly crds: readonly Manifested[];
  /** Admission policies and their bindings. */
  readonly policies: readonly Manifested[];
  /** What the operator's account needs. */
  readonly rights: readonly Right[];
}

export interface Manifested extends KubeObject {
  readonly spec?: unknown;
}

export interface Right {
  /** Undefined: in all of them. */
  readonly namespace?: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly verb: string;
  readonly name?: string;
}

interface Role extends KubeObject {
  readonly rules?: readonly {
    readonly apiGroups?: readonly string[];
    readonly resources?: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

interface Binding extends KubeObject {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string }[];
}

const GUARDED_BY = /^(Validating|Mutating)AdmissionPolicy(Binding)?$/;

/** manifests/install.yaml of the package that the program is part of; undefined for a program that was copied out of it. */
export async function readManifest(programURL: string): Promise<Manifest | undefined> {
  const candidates = ['../manifests/install.yaml', '../../manifests/install.yaml'];
  const path = candidates
    .map((candidate) => fileURLToPath(new URL(candidate, programURL)))
    .find((candidate) => existsSync(candidate));
  return path === undefined ? undefined : parseManifest(await readFile(path, 'utf8'));
}

export function parseManifest(text: string): Manifest {
  const objects = parseAllDocuments(text).flatMap((document) => {
    const object: unknown = document.toJS();
    return object === null ? [] : [object as Manifested];
  });
  const ofKind = (kind: string): readonly Manifested[] => objects.filter((object) => object.kind === kind);
  const roles = [...ofKind('ClusterRole'), ...ofKind('Role')] as readonly Role[];
  const bindings = [
    ...ofKind('ClusterRoleBinding'),
    ...ofKind('RoleBinding'),
  ] as readonly KubeObject[] as readonly Binding[];
  return {
    crds: ofKind('CustomResourceDefinition'),
    policies: objects.filter(({ kind }) => GUARDED_BY.test(kind)),
    rights: bindings
      .filter(({ subjects }) =>
        subjects?.some(({ kind, name }) => kind === 'ServiceAccount' && name === OPERATOR_SERVICE_ACCOUNT),
      )
      .flatMap((binding) => rightsOf(binding, roles)),
  };
}

function rightsOf({ roleRef, metadata }: Binding, roles: readonly Role[]): readonly Right[] {
  const role = roles.find((candidate) => candidate.kind === roleRef.kind && candidate.metadata.name === roleRef.name);
  const place = metadata.namespace === undefined ? {} : { namespace: metadata.namespace };
  return (role?.rules ?? []).flatMap(({ apiGroups = [], resources = [], resourceNames = [undefined], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((path) =>
        verbs.flatMap((verb) =>
          resourceNames.map((name) => {
            const [resource = '', subresource] = path.split('/');
            return {
              ...place,
              group,
              resource,
              ...(subresource === undefined ? {} : { subresource }),
              verb,
              ...(name === undefined ? {} : { name }),
            };
          }),
        ),
      ),
    ),
  );
}
