import { OPERATOR_NAME } from '../../apis/v1alpha1/names.ts';
import { shellWord } from '../text.ts';
import type { LinkKind } from './object-status.ts';

/** The names that a command may need. What is not known is a word in capitals, to be replaced. */
export interface Names {
  /** Flags that make kubectl look where this command looked, such as `-n acme --context prod`. */
  readonly flags: string;
  /** The same for what lies in the operator's namespace. */
  readonly operatorFlags: string;
  /** The same for what lies in no namespace. */
  readonly clusterFlags: string;
  /** kubectl's word for the object that was asked about, and its name. */
  readonly object: { readonly resource: string; readonly name: string };
  readonly pod: string;
  readonly volume: string;
  readonly templateAsset: string;
  readonly secret: { readonly name: string; readonly key: string };
  /** What spec.env takes from Secrets and the operator misses. */
  readonly environmentSecrets: readonly EnvironmentSecret[];
  readonly suspendedAncestor: string;
  /** The ApprovalRequest that waits for a human. */
  readonly request: string;
  /** The size to ask for again; undefined where asking for less ends nothing. */
  readonly volumeSize?: string;
}

export interface EnvironmentSecret {
  readonly name: string;
  readonly keys: readonly string[];
}

/** What to run next: one line for a shell. */
export type NextCommand = (names: Names) => string;

/** What to do about a reason. */
export interface Advice {
  /** The link that the reason is about; the object's own where its chain has no such link. Absent: that of its condition. */
  readonly at?: LinkKind | 'object';
  readonly command: NextCommand;
}

/** A merge patch of the spec of the object that was asked about. */
export function patchSpec(spec: object): NextCommand {
  return ({ flags, object }) =>
    `kubectl patch ${object.resource} ${object.name} ${flags} --type=merge -p ${shellWord(JSON.stringify({ spec }))}`;
}

export function patchOrg(spec: object): NextCommand {
  return ({ flags }) => `kubectl patch org org ${flags} --type=merge -p ${shellWord(JSON.stringify({ spec }))}`;
}

export function createOrg({ flags }: Names): string {
  const org = { apiVersion: 'moleculesai.app/v1alpha1', kind: 'Org', metadata: { name: 'org' }, spec: {} };
  return `echo ${shellWord(JSON.stringify(org))} | kubectl apply ${flags} -f -`;
}

/** kubectl with these words, where the object lies. */
export function kubectl(words: string): NextCommand {
  return ({ flags }) => `kubectl ${words} ${flags}`;
}

export function describeObject({ flags, object }: Names): string {
  return `kubectl describe ${object.resource} ${object.name} ${flags}`;
}

export function showObject({ flags, object }: Names): string {
  return `kubectl get ${object.resource} ${object.name} ${flags} -o yaml`;
}

export function editObject({ flags, object }: Names): string {
  return `kubectl edit ${object.resource} ${object.name} ${flags}`;
}

export function watchObject({ flags, object }: Names): string {
  return `kubectl get ${object.resource} ${object.name} ${flags} --watch`;
}

export function describePod({ flags, pod }: Names): string {
  return `kubectl describe pod ${pod} ${flags}`;
}

export function describeVolume({ flags, volume }: Names): string {
  return `kubectl describe pvc ${volume} ${flags}`;
}

export function showConflict({ flags, pod, volume }: Names): string {
  return `kubectl get pod/${pod} pvc/${volume} ${flags} -o yaml`;
}

export function materializeLog({ flags, pod }: Names): string {
  return `kubectl logs ${pod} ${flags} -c materialize`;
}

export function agentLog({ flags, pod }: Names): string {
  return `kubectl logs ${pod} ${flags} -c agent`;
}

export function lastAgentLog(names: Names): string {
  return `${agentLog(names)} --previous`;
}

export function templateStatus({ flags, templateAsset }: Names): string {
  return `kubectl molecule status ta/${templateAsset} ${flags}`;
}

export function syncTemplate({ flags, templateAsset }: Names): string {
  return `kubectl molecule sync ta/${templateAsset} ${flags} --wait`;
}

/** From a file, because arguments show in process lists and in the shell's history. */
export function putToken({ flags, secret }: Names): string {
  return `kubectl create secret generic ${secret.name} ${flags} --from-file=${secret.key}=TOKEN_FILE --from-literal=allowedHosts=FORGE_HOST --dry-run=client -o yaml | kubectl apply ${flags} -f -`;
}

/** The token stays what it is; it is only said where it may go. */
export function bindToken({ flags, secret }: Names): string {
  return `kubectl patch secret ${secret.name} ${flags} --type=merge -p '{"stringData":{"allowedHosts":"FORGE_HOST"}}'`;
}

/** Of a Workspace the Secrets of spec.env, of a TemplateAsset that with the forge's token. */
export function createSecret(names: Names): string {
  const { flags, environmentSecrets } = names;
  if (environmentSecrets.length === 0) return putToken(names);
  return environmentSecrets
    .map(({ name, keys }) => {
      const literals = keys.map((key) => `--from-literal=${key}=VALUE`).join(' ');
      return `kubectl create secret generic ${name} ${flags} ${literals}`;
    })
    .join(' && ');
}

/** As createSecret; a Secret that is there keeps its other keys. */
export function addSecretKeys(names: Names): string {
  const { flags, environmentSecrets } = names;
  if (environmentSecrets.length === 0) return putToken(names);
  return environmentSecrets
    .map(({ name, keys }) => {
      const stringData = Object.fromEntries(keys.map((key) => [key, 'VALUE']));
      return `kubectl patch secret ${name} ${flags} --type=merge -p ${shellWord(JSON.stringify({ stringData }))}`;
    })
    .join(' && ');
}

export function resumeAncestor({ flags, suspendedAncestor }: Names): string {
  return `kubectl patch workspace ${suspendedAncestor} ${flags} --type=merge -p '{"spec":{"suspend":false}}'`;
}

/** Where the provider fails at what the volume already asks for, no smaller wish helps; what helps is in its Events. */
export function putSizeBack(names: Names): string {
  const { volumeSize: size } = names;
  return size === undefined ? describeVolume(names) : patchSpec({ storage: { size } })(names);
}

export function showRequest({ flags, request }: Names): string {
  return `kubectl molecule approvals show ${request} ${flags}`;
}

/** Asks, and once it is approved deletes. */
export function deleteObject({ flags, object }: Names): string {
  return `kubectl molecule delete ${object.resource}/${object.name} ${flags} --reason TEXT`;
}

export function showCatalog({ operatorFlags }: Names): string {
  return `kubectl get configmap molecule-runtimes ${operatorFlags} -o yaml`;
}

export function operatorLog({ operatorFlags }: Names): string {
  return `kubectl logs deployment/${OPERATOR_NAME} ${operatorFlags}`;
}

/** Where the ledger is, the plugin reads from the operator's namespace. */
export function verifyAudit({ clusterFlags }: Names): string {
  return `kubectl molecule audit verify ${clusterFlags}`.trim();
}

export function showNodes({ clusterFlags }: Names): string {
  return `kubectl get nodes -o wide ${clusterFlags}`.trim();
}

export function doctor({ flags }: Names): string {
  return `kubectl molecule doctor ${flags}`;
}
