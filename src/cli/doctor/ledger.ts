import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { OPERATOR_NAME, OPERATOR_NAMESPACE } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { ORGS, SECRETS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import type { Org, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { objectPath } from '../../kube/paths.ts';
import { listAll } from '../list-all.ts';
import { type Found, find } from '../read-object.ts';
import { conditionOf } from '../standing.ts';
import { failed, forbidden, ok, type Problem, warning } from './finding.ts';
import type { DoctorSource } from './source.ts';

const SECRET = 'molecule-ledger';

export interface LedgerFacts {
  /** Whether it exists; its content is never asked for. */
  readonly secret: Found<unknown>;
  readonly objects: Found<readonly (Org | Workspace)[]>;
}

export async function readLedger({ client, namespace, signal }: DoctorSource): Promise<LedgerFacts> {
  const path = objectPath(SECRETS, { namespace: OPERATOR_NAMESPACE, name: SECRET });
  const options = { signal, ...(namespace === undefined ? {} : { namespace }) };
  const readObjects = async (): Promise<readonly (Org | Workspace)[]> => {
    const lists = await Promise.all([
      listAll<Org>(client, ORGS, options),
      listAll<Workspace>(client, WORKSPACES, options),
    ]);
    return lists.flat();
  };
  const [secret, objects] = await Promise.all([
    find(client.read(path, { signal, metadataOnly: true })),
    find(readObjects()),
  ]);
  return { secret, objects };
}

export function judgeLedger({ secret, objects }: LedgerFacts): readonly Problem[] {
  return [judgeSecret(secret), ...judgeWaiting(objects)];
}

function judgeSecret(secret: Found<unknown>): Problem {
  switch (secret.kind) {
    case 'found':
      return ok(`Secret ${SECRET} tells the operator where the ledger is`);
    case 'missing':
      return warning(
        `Secret ${SECRET} is missing, so nothing is deleted unless the operator is told of a ledger in another way`,
        `kubectl create secret generic ${SECRET} -n ${OPERATOR_NAMESPACE} --from-file=url=LEDGER_URL_FILE`,
      );
    case 'unreadable':
      return forbidden(secret.message);
    default:
      return secret satisfies never;
  }
}

/** The object itself may be as well as ever: only its deletion waits. */
const TOLD_IN = [CONDITIONS.approvalPending, CONDITIONS.ready] as const;
const WAITING: readonly string[] = [REASONS.ledgerUnavailable, REASONS.ledgerFrozen];

/** Only deletions need the ledger; what waits for it says so. */
function judgeWaiting(objects: Found<readonly (Org | Workspace)[]>): readonly Problem[] {
  if (objects.kind === 'unreadable') return [forbidden(objects.message)];
  const waiting = (objects.kind === 'found' ? objects.value : [])
    .filter((object) => TOLD_IN.some((type) => WAITING.includes(conditionOf(object, type)?.reason ?? '')))
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)
    .sort();
  if (waiting.length === 0) return [];
  return [
    failed(
      `Deletions wait for the ledger: ${waiting.join(', ')}`,
      `kubectl logs -n ${OPERATOR_NAMESPACE} deployment/${OPERATOR_NAME}`,
    ),
  ];
}
