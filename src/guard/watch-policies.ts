import { Reflector, type ReflectorOptions } from '../runtime/reflector.ts';
import { Store, type Stored } from '../runtime/store.ts';
import { POLICIES, POLICY_BINDINGS } from './examine.ts';

type Sources = Pick<ReflectorOptions<Stored>, 'client' | 'clock' | 'random' | 'log' | 'metrics'>;

/** As every manifest of ours sets it. One that loses it is told of as gone, and the examination reads without it. */
const OURS = { labelSelector: 'app.kubernetes.io/name=molecule-operator' };

/**
 * Calls back for every change of our policies and bindings, by whom ever. Not among the stores of the manager: an operator that
 * may not see them has to go on healing, it only destroys nothing. Ends by its signal.
 */
export async function watchPolicies(sources: Sources, onChange: () => void, signal: AbortSignal): Promise<void> {
  const reflectors = [POLICIES, POLICY_BINDINGS].map((resource) => {
    const store = new Store<Stored>();
    store.onChange(onChange);
    // Only that something changed is of interest.
    const project = ({ metadata: { name, uid, resourceVersion } }: Stored): Stored => ({
      metadata: {
        name,
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
    });
    return new Reflector<Stored>({ ...sources, resource, store, project, select: OURS });
  });
  await Promise.all(reflectors.map((reflector) => reflector.run(signal)));
}
