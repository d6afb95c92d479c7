import { ApiError } from '../../kube/errors.ts';
import { judgeVersion, readVersion } from './apiserver.ts';
import { judgeCRDs, readCRDs } from './crds.ts';
import { type CheckName, type Finding, type Problem, unknown } from './finding.ts';
import { judgeLedger, readLedger } from './ledger.ts';
import { judgeNodes, readNodes } from './nodes.ts';
import { judgeOperator, readOperator } from './operator.ts';
import { judgePodSecurity, readOrgNamespaces } from './pod-security.ts';
import { judgePolicies, readPolicies } from './policies.ts';
import { judgeOperatorRights, judgeOwnRights, readOperatorRights, readOwnRights } from './rights.ts';
import type { DoctorSource } from './source.ts';
import { judgeStorageClasses, readStorageClasses } from './storage.ts';
import { judgeTemplates, readTemplates } from './templates.ts';

interface Check {
  readonly name: CheckName;
  run(source: DoctorSource): Promise<readonly Problem[]>;
}

/** Reads, then judges what was read; the judgement is pure. */
function check<T>(
  name: CheckName,
  read: (source: DoctorSource) => Promise<T>,
  judge: (facts: T) => readonly Problem[],
): Check {
  return { name, run: async (source) => judge(await read(source)) };
}

const NO_ANSWER_ABOUT_NETWORK_POLICIES = unknown(
  'The API does not tell whether NetworkPolicies are enforced; where they are not, agents reach each other',
  'See that the network plugin of the cluster enforces them',
);

/** In the order in which they are told: what the others stand on comes first. */
const CHECKS: readonly Check[] = [
  check('apiserver', readVersion, judgeVersion),
  check('crds', readCRDs, judgeCRDs),
  check('policies', readPolicies, judgePolicies),
  check('operator-rights', readOperatorRights, judgeOperatorRights),
  check('operator', readOperator, judgeOperator),
  check('ledger', readLedger, judgeLedger),
  check('templates', readTemplates, judgeTemplates),
  check('nodes', readNodes, judgeNodes),
  check('storage', readStorageClasses, judgeStorageClasses),
  { name: 'network-policies', run: async () => [NO_ANSWER_ABOUT_NETWORK_POLICIES] },
  check('pod-security', readOrgNamespaces, judgePodSecurity),
  check('own-rights', readOwnRights, judgeOwnRights),
];

/** All of them at once. Rejects only when the cluster does not answer: then nothing is known about anything. */
export async function runChecks(source: DoctorSource): Promise<readonly Finding[]> {
  const findings = CHECKS.map(async ({ name, run }): Promise<readonly Finding[]> => {
    const problems = await run(source).catch(answered);
    return problems.map((problem) => ({ check: name, ...problem }));
  });
  return (await Promise.all(findings)).flat();
}

function answered(error: unknown): readonly Problem[] {
  if (!(error instanceof ApiError) || error.code === 401) throw error;
  return [
    unknown(`Cannot be found out: ${error.message}`, 'Try again; if it stays so, look at the log of the apiserver'),
  ];
}
