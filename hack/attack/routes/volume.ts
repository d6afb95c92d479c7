import type { RunResult } from '../../lib/run.ts';
import type { Attempt } from '../attempt.ts';
import { mustAs, type Scene } from '../scene.ts';

const route = 'volume';
const NONE = { metadata: { finalizers: null } };
const claim = ({ tenant }: Scene): string => `pvc/${tenant.child}`;
const rawClaims = ({ tenant }: Scene): string => `/api/v1/namespaces/${tenant.namespace}/persistentvolumeclaims`;
const patchClaim = (scene: Scene, patch: object, flags: readonly string[] = ['--type=merge']): Promise<RunResult> =>
  scene.run(['patch', claim(scene), ...flags, '-p', JSON.stringify(patch)]);

/** A PersistentVolume that is bound to the victim's claim, as a storage provider leaves it. */
async function boundVolume(scene: Scene): Promise<string> {
  const { tenant } = scene;
  const name = `pv-${tenant.namespace}`;
  const { stdout } = await scene.as('admin', ['get', claim(scene), '-o', 'json']);
  const { metadata, spec } = JSON.parse(stdout);
  await mustAs(scene, 'admin', ['create', '-f', '-'], {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: '100Gi' },
      accessModes: spec.accessModes,
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: spec.storageClassName ?? '',
      hostPath: { path: '/nowhere' },
      claimRef: { namespace: tenant.namespace, name: metadata.name, uid: metadata.uid },
    },
  });
  await mustAs(scene, 'admin', ['wait', claim(scene), '--for=jsonpath={.status.phase}=Bound', '--timeout=20s']);
  return `pv/${name}`;
}

const onClaim = (
  attempt: string,
  act: (scene: Scene) => Promise<RunResult>,
  rest: Partial<Pick<Attempt, 'identity' | 'expected'>> = {},
): Attempt => ({ route, attempt, identity: 'editor', expected: 'refused by policy', run: act, ...rest });

/** The data itself. */
export const VOLUME: readonly Attempt[] = [
  onClaim("kubectl delete of an agent's volume", (scene) => scene.run(['delete', claim(scene), '--wait=false'])),
  onClaim(
    "forced deletion of an agent's volume without grace",
    (scene) => scene.run(['delete', claim(scene), '--force', '--grace-period=0', '--wait=false']),
    { identity: 'admin' },
  ),
  onClaim('deletion of every volume of the namespace', (scene) =>
    scene.run(['delete', 'pvc', '--all', '--wait=false']),
  ),
  onClaim('deletecollection of volumes', (scene) => scene.run(['delete', '--raw', rawClaims(scene)])),
  onClaim("merge patch takes a volume's finalizers off", (scene) => patchClaim(scene, NONE)),
  onClaim(
    "JSON patch takes a volume's finalizers off",
    (scene) => patchClaim(scene, [{ op: 'remove', path: '/metadata/finalizers' }], ['--type=json']),
    { identity: 'admin' },
  ),
  onClaim("strategic merge patch takes a volume's finalizers off", (scene) =>
    patchClaim(scene, { metadata: { '$deleteFromPrimitiveList/finalizers': ['moleculesai.app/volume'] } }, [
      '--type=strategic',
    ]),
  ),
  onClaim(
    "a patch of a volume's status takes its finalizers off",
    (scene) => patchClaim(scene, NONE, ['--subresource=status', '--type=merge']),
    { identity: 'admin' },
  ),
  onClaim('a volume is labelled as expired, so that it is erased', (scene) =>
    patchClaim(scene, { metadata: { labels: { 'moleculesai.app/expires': '20200101T000000Z' } } }),
  ),
  onClaim(
    'a volume is labelled as expired under an operation that is named on it',
    (scene) =>
      patchClaim(scene, {
        metadata: {
          labels: { 'moleculesai.app/expires': '20200101T000000Z' },
          annotations: { 'moleculesai.app/operation': '00000000-0000-0000-0000-000000000000' },
        },
      }),
    { identity: 'admin' },
  ),
  onClaim('deletion of a volume by an approver', (scene) => scene.run(['delete', claim(scene), '--wait=false']), {
    identity: 'approver',
    expected: 'refused by rights',
  }),
  onClaim('deletion of a volume by a stranger', (scene) => scene.run(['delete', claim(scene), '--wait=false']), {
    identity: 'nobody',
    expected: 'refused by rights',
  }),
  {
    route,
    attempt: 'deletion of the PersistentVolume behind an agent',
    identity: 'admin',
    expected: 'harmless',
    run: async (scene) => scene.run(['delete', await boundVolume(scene), '--wait=false']),
  },
  {
    route,
    attempt: 'deletion of the PersistentVolume behind an agent by an editor',
    identity: 'editor',
    expected: 'refused by rights',
    run: async (scene) => scene.run(['delete', await boundVolume(scene), '--wait=false']),
  },
];
