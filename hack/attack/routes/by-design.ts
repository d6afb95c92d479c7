import { OPERATOR_NAMESPACE, OPERATOR_USER } from '../../../src/apis/v1alpha1/names.ts';
import type { Attempt } from '../attempt.ts';
import { editors } from '../people.ts';
import { judge, mustAs, type Scene } from '../scene.ts';
import { VICTIM } from '../tenant.ts';
import { withoutBinding } from './guard.ts';

const route = 'by-design';
const AGENT = `workspace/${VICTIM.agent}`;
const STRIP = ['patch', AGENT, '--type=merge', '-p', '{"metadata":{"finalizers":null}}'];

async function possible(scene: Scene, args: readonly string[]): Promise<'possible'> {
  const { code, stderr } = await scene.run(args);
  judge(code === 0, 'possible', stderr);
  return 'possible';
}

/**
 * What an administrator of the cluster can do all the same, shown and not only said: whoever makes the rules can unmake them. The last ones,
 * because they spoil what the others need.
 */
export const BY_DESIGN: readonly Attempt[] = [
  {
    route,
    attempt: 'impersonates the operator and takes a finalizer off (the audit log of the apiserver names both)',
    identity: 'admin',
    expected: 'possible',
    run: (scene) => possible(scene, [...STRIP, `--as=${OPERATOR_USER}`]),
  },
  {
    route,
    attempt:
      "whoever has the cluster's role edit in molecule-system acts as the operator, because that role may impersonate accounts",
    identity: 'editor',
    expected: 'possible',
    run: async (scene) => {
      await mustAs(scene, 'admin', ['create', '-n', OPERATOR_NAMESPACE, '-f', '-'], editors(OPERATOR_NAMESPACE));
      try {
        return await possible(scene, [...STRIP, `--as=${OPERATOR_USER}`, '--dry-run=server']);
      } finally {
        await mustAs(scene, 'admin', ['delete', 'rolebinding', 'editors', '-n', OPERATOR_NAMESPACE]);
      }
    },
  },
  {
    route,
    attempt: 'takes a policy away, then a finalizer (the operator says GuardReady=False and freezes what is approved)',
    identity: 'admin',
    expected: 'possible',
    run: (scene) => withoutBinding(scene, () => possible(scene, STRIP)),
  },
  {
    route,
    attempt: "whoever may create Pods in a namespace mounts an agent's volume and can erase what is on it",
    identity: 'editor',
    expected: 'possible',
    run: (scene) =>
      possible(scene, [
        'run',
        'thief',
        '--image=example.invalid/thief:1',
        `--overrides=${JSON.stringify({
          spec: {
            containers: [
              {
                name: 'thief',
                image: 'example.invalid/thief:1',
                volumeMounts: [{ name: 'stolen', mountPath: '/stolen' }],
              },
            ],
            volumes: [{ name: 'stolen', persistentVolumeClaim: { claimName: scene.tenant.child } }],
          },
        })}`,
      ]),
  },
];
