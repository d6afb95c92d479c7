import type { JsonObject } from './rest.ts';
import { apply, create, get, json, merge, remove, type Step } from './steps.ts';

const WIDGETS = '/apis/example.test/v1/namespaces/{ns}/widgets';
const CONFIG_MAPS = '/api/v1/namespaces/{ns}/configmaps';
const PODS = '/api/v1/namespaces/{ns}/pods';
const CLAIMS = '/api/v1/namespaces/{ns}/persistentvolumeclaims';
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
const INITIAL = 'watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
/** No step names it: it is nobody's uid. */
const STRANGER = '00000000-0000-4000-8000-000000000000';

function widget(
  name: string,
  more: { readonly metadata?: JsonObject; readonly spec?: JsonObject; readonly status?: JsonObject } = {},
) {
  const { metadata, ...rest } = more;
  return { apiVersion: 'example.test/v1', kind: 'Widget', metadata: { name, ...metadata }, ...rest };
}

function configMap(name: string, more: { readonly metadata?: JsonObject; readonly data?: JsonObject } = {}) {
  const { metadata, ...rest } = more;
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, ...rest };
}

function pod(name: string, metadata: JsonObject = {}) {
  const spec = { containers: [{ name: 'main', image: 'example/image:1' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec };
}

function managed(manager: string, label: string): JsonObject {
  const fieldsV1 = { 'f:metadata': { 'f:labels': { [label]: {} } } };
  return { manager, operation: 'Apply', apiVersion: 'example.test/v1', fieldsType: 'FieldsV1', fieldsV1 };
}

const CREATION: readonly Step[] = [
  get('an object that is not there', `${WIDGETS}/none`),
  get('a built-in object that is not there', `${CONFIG_MAPS}/none`),
  get('a kind that is not served', '/apis/example.test/v1/namespaces/{ns}/gadgets/none'),
  get('a group that is not served', '/apis/nowhere.test/v1/gadgets'),
  { name: 'everything from now on', watch: `${WIDGETS}?${INITIAL}` },
  { name: 'blue ones alone', watch: `${WIDGETS}?${INITIAL}&labelSelector=color%3Dblue` },
  { name: 'metadata alone', watch: `${WIDGETS}?${INITIAL}`, accept: METADATA },
  { name: 'one by name', watch: `${WIDGETS}?watch=true&fieldSelector=metadata.name%3Da` },
  create('a', WIDGETS, widget('a', { metadata: { labels: { color: 'blue' } }, spec: { size: 1 } })),
  create('an object that exists', WIDGETS, widget('a')),
  create(
    'what status it has is not the creator’s',
    WIDGETS,
    widget('b', { spec: { size: 2 }, status: { phase: 'Ready' } }),
  ),
  create(
    'with fields of the server’s',
    WIDGETS,
    widget('c', { metadata: { uid: STRANGER, generation: 7, creationTimestamp: '2020-01-01T00:00:00Z' } }),
  ),
  create(
    'with annotations and finalizers',
    WIDGETS,
    widget('d', { metadata: { annotations: { note: 'x' }, finalizers: ['example.test/hold'] } }),
  ),
  create('in another namespace than the path says', WIDGETS, widget('e', { metadata: { namespace: 'other' } })),
  create('in a namespace that is not there', WIDGETS.replace('{ns}', 'no-such-namespace'), widget('a')),
  create(
    'a built-in one in a namespace that is not there',
    CONFIG_MAPS.replace('{ns}', 'no-such-namespace'),
    configMap('a'),
  ),
  create('config', CONFIG_MAPS, configMap('config', { metadata: { labels: { app: 'x' } }, data: { key: 'value' } })),
  create('a built-in one that exists', CONFIG_MAPS, configMap('config')),
  create('a dry run', WIDGETS, widget('dry', { spec: { size: 1 } }), { dryRun: 'All' }),
  create('a dry run of an object that exists', WIDGETS, widget('a'), { dryRun: 'All' }),
  get('nothing of a dry run is there', `${WIDGETS}/dry`),
];

const READING: readonly Step[] = [
  get('one object', `${WIDGETS}/a`),
  get('metadata of one', `${WIDGETS}/a`, METADATA),
  get('a list', WIDGETS),
  get('page 1', `${WIDGETS}?limit=3`),
  get('page 2', `${WIDGETS}?limit=3&continue={page 1:metadata.continue}`),
  get('a page of a selection', `${WIDGETS}?limit=1&labelSelector=color!%3Dblue`),
  get('a list by label', `${WIDGETS}?labelSelector=color%3Dblue`),
  get('a list by other label', `${WIDGETS}?labelSelector=color!%3Dblue`),
  get('a list by name', `${WIDGETS}?fieldSelector=metadata.name%3Db`),
  get('a list of all namespaces by namespace', '/apis/example.test/v1/widgets?fieldSelector=metadata.namespace%3D{ns}'),
  get('a list by a field that cannot be selected', `${WIDGETS}?fieldSelector=spec.size%3D1`),
  get('a list of metadata', WIDGETS, METADATA_LIST),
  get('a list of a built-in kind', `${CONFIG_MAPS}?labelSelector=app%3Dx`),
  get('a list of metadata of a built-in kind', `${CONFIG_MAPS}?labelSelector=app%3Dx`, METADATA_LIST),
];

const MERGING: readonly Step[] = [
  merge('a changed spec', `${WIDGETS}/a`, { spec: { size: 3 } }),
  merge('a changed label moves no generation', `${WIDGETS}/a`, { metadata: { labels: { color: 'red' } } }),
  merge('blue again', `${WIDGETS}/a`, { metadata: { labels: { color: 'blue' } } }),
  merge('no change keeps the version', `${WIDGETS}/a`, { spec: { size: 3 } }),
  merge('null takes away', `${WIDGETS}/d`, { metadata: { annotations: { note: null } } }),
  merge('status of a main patch is ignored', `${WIDGETS}/a`, { status: { phase: 'Ready' } }),
  merge('the right uid', `${WIDGETS}/a`, { metadata: { uid: '{a:metadata.uid}' }, spec: { size: 4 } }),
  merge('a wrong uid', `${WIDGETS}/a`, { metadata: { uid: STRANGER }, spec: { size: 5 } }),
  merge('a wrong uid of a built-in kind', `${CONFIG_MAPS}/config`, { metadata: { uid: STRANGER }, data: { key: 'x' } }),
  merge('an old version', `${WIDGETS}/a`, {
    metadata: { resourceVersion: '{a:metadata.resourceVersion}' },
    spec: { size: 5 },
  }),
  merge('an old version and a wrong uid', `${WIDGETS}/a`, {
    metadata: { uid: STRANGER, resourceVersion: '{a:metadata.resourceVersion}' },
  }),
  merge('nothing there to patch', `${WIDGETS}/none`, { spec: { size: 1 } }),
  merge('a built-in kind', `${CONFIG_MAPS}/config`, { data: { key: 'other', more: 'm' } }),
];

const STATUS: readonly Step[] = [
  merge('a status', `${WIDGETS}/a/status`, { status: { phase: 'Ready' } }),
  merge('the same status', `${WIDGETS}/a/status`, { status: { phase: 'Ready' } }),
  merge('spec and labels of a status patch are ignored', `${WIDGETS}/a/status`, {
    metadata: { labels: { color: 'green' } },
    spec: { size: 99 },
    status: { phase: 'Changed' },
  }),
  merge('a wrong uid of a status patch is ignored', `${WIDGETS}/a/status`, {
    metadata: { uid: STRANGER },
    status: { phase: 'Ready' },
  }),
  merge('an old version of a status patch is not', `${WIDGETS}/a/status`, {
    metadata: { resourceVersion: '{a:metadata.resourceVersion}' },
    status: { phase: 'Old' },
  }),
  get('versioned', `${WIDGETS}/a`),
  merge('the present version', `${WIDGETS}/a/status`, {
    metadata: { uid: '{versioned:metadata.uid}', resourceVersion: '{versioned:metadata.resourceVersion}' },
    status: { phase: null },
  }),
];

const JSON_PATCHES: readonly Step[] = [
  json('a test that holds', `${WIDGETS}/a`, [
    { op: 'test', path: '/metadata/uid', value: '{a:metadata.uid}' },
    { op: 'test', path: '/metadata/finalizers', value: null },
    { op: 'add', path: '/metadata/finalizers', value: ['example.test/hold'] },
  ]),
  json('a test that fails', `${WIDGETS}/a`, [
    { op: 'test', path: '/metadata/finalizers', value: ['other'] },
    { op: 'replace', path: '/spec/size', value: 9 },
  ]),
  json('a test of an absent member that fails', `${WIDGETS}/a`, [
    { op: 'test', path: '/metadata/finalizers', value: null },
  ]),
  json('a path that is not there', `${WIDGETS}/b`, [{ op: 'remove', path: '/metadata/annotations/none' }]),
  json('a parent that is not there', `${WIDGETS}/b`, [{ op: 'add', path: '/metadata/annotations/none', value: 'x' }]),
  json('into a list', `${WIDGETS}/a`, [{ op: 'add', path: '/metadata/finalizers/-', value: 'example.test/second' }]),
  json('out of a list', `${WIDGETS}/a`, [{ op: 'remove', path: '/metadata/finalizers/1' }]),
  json('an escaped path', `${WIDGETS}/b`, [{ op: 'add', path: '/metadata/labels', value: { 'example.test/x': '1' } }]),
  json('another escaped path', `${WIDGETS}/b`, [
    { op: 'replace', path: '/metadata/labels/example.test~1x', value: '2' },
  ]),
  json('no operation', `${WIDGETS}/b`, []),
];

const APPLYING: readonly Step[] = [
  apply(
    'an apply that creates',
    `${WIDGETS}/s`,
    widget('s', { metadata: { labels: { app: 'x', tier: '1' } }, spec: { size: 1 } }),
  ),
  apply(
    'the same apply',
    `${WIDGETS}/s`,
    widget('s', { metadata: { labels: { app: 'x', tier: '1' } }, spec: { size: 1 } }),
  ),
  apply(
    'an apply without a label it had',
    `${WIDGETS}/s`,
    widget('s', { metadata: { labels: { app: 'x' } }, spec: { size: 1 } }),
  ),
  merge('somebody else takes a field', `${WIDGETS}/s`, { spec: { size: 5 } }, 'fieldManager=user'),
  apply(
    'an apply that takes it back',
    `${WIDGETS}/s`,
    widget('s', { metadata: { labels: { app: 'x' } }, spec: { size: 1 } }),
  ),
  merge('somebody else takes it again', `${WIDGETS}/s`, { spec: { size: 6 } }, 'fieldManager=user'),
  apply(
    'an apply that no longer names what is somebody else’s',
    `${WIDGETS}/s`,
    widget('s', { metadata: { labels: { app: 'x' } } }),
  ),
  merge(
    'somebody else adds a label',
    `${WIDGETS}/s`,
    { metadata: { labels: { foreign: 'yes' } } },
    'fieldManager=user',
  ),
  apply('an apply leaves it', `${WIDGETS}/s`, widget('s', { metadata: { labels: { app: 'x' } } })),
  apply(
    'another manager applies the same',
    `${WIDGETS}/s`,
    widget('s', { metadata: { labels: { app: 'x' } } }),
    'second',
  ),
  apply('what two apply stays when one lets go', `${WIDGETS}/s`, widget('s')),
  apply('and goes when the other does', `${WIDGETS}/s`, widget('s'), 'second'),
  apply('with a wrong uid', `${WIDGETS}/s`, widget('s', { metadata: { uid: STRANGER } })),
  apply('two labels of one manager', `${WIDGETS}/m`, widget('m', { metadata: { labels: { app: 'x', tier: '1' } } })),
  merge('ownership is handed over as written', `${WIDGETS}/m`, {
    metadata: { managedFields: [managed('second', 'f:tier'), managed('third', 'f:app')] },
  }),
  apply('who owns nothing any more takes nothing away', `${WIDGETS}/m`, widget('m')),
  apply('who was handed it does', `${WIDGETS}/m`, widget('m'), 'second'),
  apply(
    'with an old version',
    `${WIDGETS}/s`,
    widget('s', { metadata: { resourceVersion: '{a:metadata.resourceVersion}' } }),
  ),
  apply('with a uid and nothing there', `${WIDGETS}/t`, widget('t', { metadata: { uid: STRANGER } })),
  apply(
    'status in an apply is not applied',
    `${WIDGETS}/u`,
    widget('u', { spec: { size: 1 }, status: { phase: 'Ready' } }),
  ),
  apply('a built-in kind applied', `${CONFIG_MAPS}/applied`, configMap('applied', { data: { one: '1', two: '2' } })),
  apply('a built-in kind applied with less', `${CONFIG_MAPS}/applied`, configMap('applied', { data: { one: '1' } })),
];

const DELETION: readonly Step[] = [
  remove('a wrong uid is not deleted', `${WIDGETS}/b`, { preconditions: { uid: STRANGER } }),
  remove('an old version is not deleted', `${WIDGETS}/a`, {
    preconditions: { uid: '{a:metadata.uid}', resourceVersion: '{a:metadata.resourceVersion}' },
  }),
  remove('a deletion that is held', `${WIDGETS}/a`, {
    propagationPolicy: 'Background',
    preconditions: { uid: '{a:metadata.uid}' },
  }),
  get('what is held', `${WIDGETS}/a`),
  remove('a second deletion', `${WIDGETS}/a`),
  merge('a patch of what is held', `${WIDGETS}/a`, { spec: { size: 6 } }),
  merge('a finalizer too late', `${WIDGETS}/a`, {
    metadata: { finalizers: ['example.test/hold', 'example.test/late'] },
  }),
  create('a namesake of what is held', WIDGETS, widget('a')),
  json('the last finalizer goes', `${WIDGETS}/a`, [{ op: 'remove', path: '/metadata/finalizers/0' }]),
  get('what was held', `${WIDGETS}/a`),
  create('a again', WIDGETS, widget('a', { metadata: { labels: { color: 'blue' } } })),
  merge('the dead one’s version', `${WIDGETS}/a/status`, {
    metadata: { uid: '{versioned:metadata.uid}', resourceVersion: '{versioned:metadata.resourceVersion}' },
    status: { phase: 'Ghost' },
  }),
  remove('a deletion that is not held', `${WIDGETS}/b`),
  remove('nothing there to delete', `${WIDGETS}/b`),
  remove('a wrong uid of a built-in object is not deleted', `${CONFIG_MAPS}/config`, {
    preconditions: { uid: STRANGER },
  }),
  remove('a built-in object', `${CONFIG_MAPS}/config`, { preconditions: { uid: '{config:metadata.uid}' } }),
];

const PODS_AND_CLAIMS: readonly Step[] = [
  { name: 'pods', watch: `${PODS}?watch=true` },
  create('pod', PODS, pod('pod', { labels: { app: 'x' } })),
  merge('pod status', `${PODS}/pod/status`, { status: { podIP: '10.1.2.3', podIPs: [{ ip: '10.1.2.3' }] } }),
  merge('annotations of a pod', `${PODS}/pod`, { metadata: { uid: '{pod:metadata.uid}', annotations: { note: 'x' } } }),
  remove('a wrong uid of a pod is not deleted', `${PODS}/pod`, { preconditions: { uid: STRANGER } }),
  remove('a pod without a node goes at once', `${PODS}/pod`, { preconditions: { uid: '{pod:metadata.uid}' } }),
  get('the pod without a node', `${PODS}/pod`),
  create('bound', PODS, pod('bound')),
  create('a binding', `${PODS}/bound/binding`, {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: 'bound' },
    target: { kind: 'Node', name: 'nowhere' },
  }),
  remove('a pod with a node waits for its kubelet', `${PODS}/bound`, {
    preconditions: { uid: '{bound:metadata.uid}' },
  }),
  get('the pod with a node', `${PODS}/bound`),
  remove('a second deletion of it', `${PODS}/bound`),
  remove('a shorter one', `${PODS}/bound`, { gracePeriodSeconds: 5 }),
  remove('the kubelet’s word', `${PODS}/bound`, { gracePeriodSeconds: 0 }),
  get('the pod whose kubelet confirmed', `${PODS}/bound`),
  create('a pod with a finalizer', PODS, pod('held', { finalizers: ['example.test/hold'] })),
  remove('it is held without a node', `${PODS}/held`),
  merge('and goes with its finalizer', `${PODS}/held`, { metadata: { finalizers: null } }),
  get('the pod that was held', `${PODS}/held`),
  create('ended', PODS, pod('ended')),
  create('its binding', `${PODS}/ended/binding`, {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: 'ended' },
    target: { kind: 'Node', name: 'nowhere' },
  }),
  merge('its end', `${PODS}/ended/status`, { status: { phase: 'Failed' } }),
  remove('an ended pod goes at once', `${PODS}/ended`),
  create('claim', CLAIMS, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'claim' },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'none', resources: { requests: { storage: '1Gi' } } },
  }),
  remove('a claim is protected', `${CLAIMS}/claim`),
];

const ACCOUNTS = '/api/v1/namespaces/{ns}/serviceaccounts';
const POLICIES = '/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies';

const account = (labels: JsonObject) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'agent', labels },
  automountServiceAccountToken: false,
});
const policy = (port: number) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'walls', labels: { app: 'x' } },
  spec: {
    podSelector: { matchLabels: { app: 'x' } },
    policyTypes: ['Ingress'],
    ingress: [{ ports: [{ protocol: 'TCP', port }] }],
  },
});

const WALLS: readonly Step[] = [
  apply('an account', `${ACCOUNTS}/agent`, account({ app: 'x', more: 'y' })),
  apply('the same account', `${ACCOUNTS}/agent`, account({ app: 'x', more: 'y' })),
  apply('an account with less', `${ACCOUNTS}/agent`, account({ app: 'x' })),
  remove('an account is shown at its end', `${ACCOUNTS}/agent`),
  apply('a policy', `${POLICIES}/walls`, policy(8000)),
  apply('the same policy', `${POLICIES}/walls`, policy(8000)),
  apply('another policy', `${POLICIES}/walls`, policy(8001)),
  remove('a policy is not', `${POLICIES}/walls`),
];

const NAMESPACES: readonly Step[] = [
  create('a namespace', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: '{ns}-2' } }),
  create(
    'what keeps it',
    CONFIG_MAPS.replace('{ns}', '{ns}-2'),
    configMap('kept', { metadata: { finalizers: ['example.test/hold'] } }),
  ),
  remove('a namespace that is not empty', '/api/v1/namespaces/{ns}-2'),
  create('in a namespace that ends', WIDGETS.replace('{ns}', '{ns}-2'), widget('late')),
  create('a built-in one in a namespace that ends', CONFIG_MAPS.replace('{ns}', '{ns}-2'), configMap('late')),
];

const WATCHING: readonly Step[] = [
  {
    name: 'from a version that is known',
    watch: `${WIDGETS}?watch=true&resourceVersion={a again:metadata.resourceVersion}`,
  },
  { name: 'from a version that is long gone', watch: `${WIDGETS}?watch=true&resourceVersion=1` },
  { name: 'from no version', watch: `${WIDGETS}?watch=true` },
  { name: 'of a kind that is not served', watch: '/apis/example.test/v1/gadgets?watch=true' },
  {
    name: 'with an end',
    watch: `${WIDGETS}?watch=true&timeoutSeconds=1&resourceVersion={a again:metadata.resourceVersion}`,
  },
  merge('a last change', `${WIDGETS}/c`, { metadata: { labels: { color: 'blue' } } }),
  merge('a very last change', `${WIDGETS}/c`, { metadata: { labels: { color: 'red' } } }),
];

/**
 * What the memory API and the real apiserver are both asked, in this order, in one namespace. In paths and bodies `{ns}` is
 * that namespace, and `{name:path}` a value of the answer to the step of that name. A watch stays open until the end.
 */
export const STEPS: readonly Step[] = [
  ...CREATION,
  ...READING,
  ...MERGING,
  ...STATUS,
  ...JSON_PATCHES,
  ...APPLYING,
  ...DELETION,
  ...PODS_AND_CLAIMS,
  ...WALLS,
  ...NAMESPACES,
  ...WATCHING,
];
