import { ORG_NAME } from '../apis/v1alpha1/names.ts';
import { ORGS, TEMPLATE_ASSETS, WORKSPACES } from '../apis/v1alpha1/resources.ts';

/** An object of ours as people name it on a command line. */
export interface ObjectReference {
  readonly resource: typeof ORGS | typeof WORKSPACES | typeof TEMPLATE_ASSETS;
  readonly name: string;
}

/** The argument of every command that takes one. */
export const OBJECT_ARGUMENT = 'object';
/** The argument of every command that takes the name of an ApprovalRequest. */
export const REQUEST_ARGUMENT = 'request';
/** The option that takes a revision of the TemplateAsset that was named. */
export const REVISION_OPTION = '--to';
/** The option that takes a path of the Workspace that was named, from which something was moved aside. */
export const KEPT_OPTION = '--restore';

export const REFERENCE_FORMS = 'ws/NAME or NAME for a Workspace, ta/NAME for a TemplateAsset, org for the Org';

/** The short name is the one that the CRD gives the kind, so that kubectl takes the same words. */
const KINDS = [
  { resource: WORKSPACES, words: ['ws', 'workspace', 'workspaces'] },
  { resource: TEMPLATE_ASSETS, words: ['ta', 'templateasset', 'templateassets'] },
  { resource: ORGS, words: ['org', 'orgs'] },
] as const;

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** A DNS label: what a namespace may be called. */
export function isLabel(text: string): boolean {
  return LABEL.test(text);
}

/** Undefined for what names no object. A bare name is a Workspace, but `org` is the Org; a Workspace of that name is `ws/org`. */
export function parseReference(text: string): ObjectReference | undefined {
  if (text === ORG_NAME) return { resource: ORGS, name: ORG_NAME };
  const [word, name, ...rest] = text.includes('/') ? text.split('/') : ['ws', text];
  const kind = KINDS.find(({ words }) => (words as readonly string[]).includes(word ?? ''));
  if (kind === undefined || name === undefined || rest.length > 0 || !isName(name)) return undefined;
  if (kind.resource === ORGS && name !== ORG_NAME) return undefined;
  return { resource: kind.resource, name };
}

/** `ws/writer`, `ta/writer`, `org`: the shortest form that the commands take. */
export function formatReference({ resource, name }: ObjectReference): string {
  return formatKindName(resource.kind, name);
}

/** The same for a kind that somebody else named; one that is not ours is spelled out. */
export function formatKindName(kind: string, name: string): string {
  const word = KINDS.find(({ resource }) => resource.kind === kind)?.words[0] ?? kind.toLowerCase();
  return kind === ORGS.kind ? word : `${word}/${name}`;
}

/** A DNS subdomain, which names of objects are. */
export function isName(text: string): boolean {
  return text.length <= 253 && text.split('.').every(isLabel);
}
