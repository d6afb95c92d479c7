import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import { NOT_OBSERVED, type Standing } from '../standing.ts';
import {
  type Advice,
  addSecretKeys,
  agentLog,
  bindToken,
  createOrg,
  createSecret,
  deleteObject,
  describeObject,
  describePod,
  describeVolume,
  doctor,
  editObject,
  kubectl,
  lastAgentLog,
  materializeLog,
  operatorLog,
  patchOrg,
  patchSpec,
  putSizeBack,
  putToken,
  resumeAncestor,
  showCatalog,
  showConflict,
  showNodes,
  showObject,
  showRequest,
  syncTemplate,
  templateStatus,
  verifyAudit,
  watchObject,
} from './advice.ts';

/** For reasons of what works, and of what is over. */
export const NOTHING_TO_DO = 'nothing to do';

/** The operator's log says what keeps it from the ledger. */
const WAITS_FOR_LEDGER: Advice = { at: 'object', command: operatorLog };

/**
 * What to do about each reason. A new one is a line more: the link that it is about, and the command that its message makes a
 * person look for; or NOTHING_TO_DO.
 */
export const GUIDE: Readonly<Partial<Record<Reason, Advice | typeof NOTHING_TO_DO>>> = {
  // Every kind
  [REASONS.progressingWithRetry]: NOTHING_TO_DO,

  // Org
  [REASONS.orgReady]: NOTHING_TO_DO,
  [REASONS.platformAgentReady]: NOTHING_TO_DO,
  [REASONS.isolationReady]: NOTHING_TO_DO,
  [REASONS.platformAgentNotReady]: { at: 'workspace', command: kubectl('molecule status ws/platform-agent') },
  [REASONS.orgNotFound]: { at: 'org', command: createOrg },
  [REASONS.orgNotReady]: { at: 'org', command: kubectl('molecule status org') },
  [REASONS.orgDeleting]: { at: 'org', command: kubectl('molecule status org') },
  [REASONS.idTaken]: { at: 'object', command: showObject },
  [REASONS.deletingChildren]: { at: 'workspaces', command: kubectl('molecule tree') },

  // Deletions that wait, and their requests
  [REASONS.requestingApproval]: { at: 'object', command: kubectl('molecule approvals list') },
  [REASONS.requestTooLarge]: { at: 'object', command: kubectl('molecule tree') },
  [REASONS.awaitingApproval]: { at: 'object', command: showRequest },
  [REASONS.checkingApproval]: { at: 'object', command: showRequest },
  [REASONS.awaitingDeletion]: { at: 'object', command: deleteObject },
  [REASONS.approvalConsumed]: NOTHING_TO_DO,
  [REASONS.restoring]: { at: 'object', command: watchObject },
  [REASONS.approvalDenied]: NOTHING_TO_DO,
  [REASONS.cannotRestore]: { at: 'object', command: showRequest },
  [REASONS.approvalExpired]: { at: 'object', command: kubectl('molecule approvals list') },
  [REASONS.approvalSuperseded]: { at: 'object', command: kubectl('molecule approvals list') },
  [REASONS.approvalWithdrawn]: { at: 'object', command: kubectl('molecule approvals list') },
  [REASONS.approvalRefused]: { at: 'object', command: kubectl('molecule approvals list') },
  [REASONS.guardOpen]: { at: 'object', command: doctor },
  [REASONS.guardUnknown]: { at: 'object', command: operatorLog },
  [REASONS.guardReady]: NOTHING_TO_DO,
  [REASONS.ledgerFrozen]: { at: 'object', command: verifyAudit },
  [REASONS.releasedUnused]: NOTHING_TO_DO,
  [REASONS.volumeErased]: NOTHING_TO_DO,
  [REASONS.restored]: NOTHING_TO_DO,
  [REASONS.restoreRefused]: { at: 'volume', command: describeVolume },
  [REASONS.approvalRequestedEvent]: { at: 'object', command: showRequest },
  [REASONS.approvalApprovedEvent]: NOTHING_TO_DO,
  [REASONS.approvalDeniedEvent]: NOTHING_TO_DO,
  [REASONS.approvalWithdrawnEvent]: NOTHING_TO_DO,
  [REASONS.approvalConsumedEvent]: NOTHING_TO_DO,
  [REASONS.approvalExpiredEvent]: NOTHING_TO_DO,

  // Workspace: itself and its place
  [REASONS.workspaceReady]: NOTHING_TO_DO,
  [REASONS.placed]: NOTHING_TO_DO,
  [REASONS.runnable]: NOTHING_TO_DO,
  [REASONS.parentNotFound]: { at: 'parent', command: patchSpec({ parentRef: null }) },
  [REASONS.parentCycle]: { at: 'parent', command: patchSpec({ parentRef: null }) },
  [REASONS.tooDeep]: { at: 'parent', command: patchSpec({ parentRef: null }) },
  [REASONS.parentDeleting]: { at: 'parent', command: patchSpec({ parentRef: null }) },
  [REASONS.notThePlatformAgent]: { at: 'object', command: showObject },
  [REASONS.tierNotAllowed]: { at: 'object', command: patchSpec({ tier: 2 }) },
  [REASONS.runtimeUnknown]: { at: 'object', command: showCatalog },
  [REASONS.imageMissing]: { at: 'object', command: patchOrg({ defaults: { image: 'IMAGE' } }) },
  [REASONS.envForbidden]: { at: 'object', command: editObject },
  [REASONS.secretNotRead]: { at: 'object', command: doctor },
  [REASONS.suspended]: { at: 'object', command: patchSpec({ suspend: false }) },
  [REASONS.ancestorSuspended]: { at: 'parent', command: resumeAncestor },
  [REASONS.externalAgent]: NOTHING_TO_DO,
  [REASONS.mockAgent]: NOTHING_TO_DO,

  // Workspace: template and volume
  [REASONS.templatesOff]: NOTHING_TO_DO,
  [REASONS.templateReady]: NOTHING_TO_DO,
  [REASONS.templateNotFound]: { at: 'templateAsset', command: kubectl('get templateassets') },
  [REASONS.templateNotReady]: { at: 'templateAsset', command: templateStatus },
  [REASONS.templateNotSupported]: { at: 'templateAsset', command: patchSpec({ templateRef: null }) },
  [REASONS.volumeReady]: NOTHING_TO_DO,
  [REASONS.volumeLarger]: NOTHING_TO_DO,
  [REASONS.volumeConflict]: { at: 'volume', command: showConflict },
  [REASONS.volumePending]: { at: 'volume', command: describeVolume },
  [REASONS.volumeLost]: { at: 'volume', command: describeVolume },
  [REASONS.volumeDeleting]: { at: 'volume', command: describeVolume },
  [REASONS.resizing]: { at: 'volume', command: describeVolume },
  [REASONS.resizeRefused]: { at: 'volume', command: putSizeBack },
  [REASONS.volumeNotWritable]: { at: 'volume', command: describeVolume },
  [REASONS.volumeRetained]: NOTHING_TO_DO,
  [REASONS.orphanDeleted]: NOTHING_TO_DO,

  // Workspace: Pod
  [REASONS.creating]: { at: 'pod', command: watchObject },
  [REASONS.createFailed]: { at: 'pod', command: describeObject },
  [REASONS.quotaExceeded]: { at: 'pod', command: kubectl('describe resourcequota') },
  [REASONS.replacing]: { at: 'pod', command: watchObject },
  [REASONS.rollingOut]: { at: 'pod', command: watchObject },
  [REASONS.secretsRotated]: { at: 'pod', command: watchObject },
  [REASONS.stopping]: { at: 'pod', command: describePod },
  [REASONS.ledgerUnavailable]: WAITS_FOR_LEDGER,
  [REASONS.terminating]: { at: 'pod', command: describePod },
  [REASONS.podEvicted]: { at: 'pod', command: describePod },
  [REASONS.podNotEnding]: { at: 'pod', command: describePod },
  [REASONS.nodeLost]: { at: 'pod', command: showNodes },
  [REASONS.unschedulable]: { at: 'pod', command: describePod },
  [REASONS.restartedWithoutHealing]: { at: 'pod', command: doctor },
  [REASONS.materializing]: { at: 'pod', command: materializeLog },
  [REASONS.materialized]: NOTHING_TO_DO,
  [REASONS.assetsUnavailable]: { at: 'pod', command: materializeLog },
  [REASONS.assetsRefused]: { at: 'pod', command: materializeLog },
  [REASONS.materializeFailed]: { at: 'pod', command: materializeLog },

  // Workspace: agent
  [REASONS.imageNotPulled]: { at: 'agent', command: describePod },
  [REASONS.containerNotStarted]: { at: 'agent', command: describePod },
  [REASONS.agentStarting]: { at: 'agent', command: agentLog },
  [REASONS.agentNotResponding]: { at: 'agent', command: agentLog },
  [REASONS.agentRestarting]: { at: 'agent', command: lastAgentLog },
  [REASONS.agentCrashLooping]: { at: 'agent', command: lastAgentLog },
  [REASONS.oomKilled]: { at: 'agent', command: lastAgentLog },
  [REASONS.agentReady]: NOTHING_TO_DO,

  // TemplateAsset
  [REASONS.artifactStored]: NOTHING_TO_DO,
  [REASONS.fetchDisabled]: { at: 'source', command: patchSpec({ auth: 'anonymous' }) },
  [REASONS.secretNotFound]: { at: 'secret', command: createSecret },
  [REASONS.secretKeyMissing]: { at: 'secret', command: addSecretKeys },
  [REASONS.secretInvalid]: { at: 'secret', command: putToken },
  [REASONS.secretNotBound]: { at: 'secret', command: bindToken },
  [REASONS.hostNotAllowed]: { at: 'source', command: editObject },
  [REASONS.unauthorized]: { at: 'secret', command: putToken },
  [REASONS.hostNotFound]: { at: 'source', command: editObject },
  [REASONS.addressRefused]: { at: 'source', command: editObject },
  [REASONS.tlsFailed]: { at: 'source', command: syncTemplate },
  [REASONS.fetchFailed]: { at: 'source', command: syncTemplate },
  [REASONS.fetchTimedOut]: { at: 'source', command: syncTemplate },
  [REASONS.rateLimited]: { at: 'source', command: syncTemplate },
  [REASONS.redirectRefused]: { at: 'source', command: editObject },
  [REASONS.repositoryNotFound]: { at: 'source', command: editObject },
  [REASONS.repositoryEmpty]: { at: 'source', command: syncTemplate },
  [REASONS.refNotFound]: { at: 'source', command: patchSpec({ source: { ref: 'REF' } }) },
  [REASONS.refAbbreviated]: { at: 'source', command: patchSpec({ source: { ref: 'REF' } }) },
  [REASONS.sourceInvalid]: { at: 'source', command: editObject },
  [REASONS.notAnArchive]: { at: 'artifact', command: syncTemplate },
  [REASONS.archiveRefused]: { at: 'artifact', command: editObject },
  [REASONS.archiveTooLarge]: { at: 'artifact', command: editObject },
  [REASONS.expandedTooLarge]: { at: 'artifact', command: editObject },
  [REASONS.ratioTooHigh]: { at: 'artifact', command: syncTemplate },
  [REASONS.tooManyEntries]: { at: 'artifact', command: editObject },
  [REASONS.paxHeaderTooLarge]: { at: 'artifact', command: syncTemplate },
  [REASONS.pathTooLong]: { at: 'artifact', command: syncTemplate },
  [REASONS.pathComponentTooLong]: { at: 'artifact', command: syncTemplate },
  [REASONS.pathTooDeep]: { at: 'artifact', command: syncTemplate },
  [REASONS.fileTooLarge]: { at: 'artifact', command: editObject },
  [REASONS.assetsTooLarge]: { at: 'artifact', command: editObject },
  [REASONS.archiveTooSlow]: { at: 'artifact', command: syncTemplate },
  [REASONS.nothingIncluded]: { at: 'artifact', command: editObject },
  [REASONS.commitPinned]: NOTHING_TO_DO,
  [REASONS.signatureVerified]: NOTHING_TO_DO,
  [REASONS.commitMismatch]: { at: 'source', command: patchSpec({ verify: { commit: 'COMMIT' } }) },
  [REASONS.commitNotSigned]: { at: 'source', command: syncTemplate },
  [REASONS.signatureRefused]: { at: 'source', command: syncTemplate },
  [REASONS.signatureInvalid]: { at: 'source', command: syncTemplate },
  [REASONS.signerNotAllowed]: { at: 'source', command: kubectl('edit configmap SIGNERS') },
  [REASONS.treeMismatch]: { at: 'source', command: syncTemplate },
  [REASONS.treeIncomplete]: { at: 'source', command: syncTemplate },
  [REASONS.signersNotFound]: {
    at: 'source',
    command: kubectl('create configmap SIGNERS --from-file=allowed_signers=FILE'),
  },
  [REASONS.signersNotRead]: { at: 'source', command: doctor },
  [REASONS.signersEmpty]: { at: 'source', command: kubectl('edit configmap SIGNERS') },
  [REASONS.signersInvalid]: { at: 'source', command: kubectl('edit configmap SIGNERS') },
  [REASONS.artifactLost]: { at: 'artifact', command: syncTemplate },
  [REASONS.fluxNotInstalled]: { at: 'source', command: kubectl('api-resources --api-group=source.toolkit.fluxcd.io') },
  [REASONS.artifactNotFound]: { at: 'source', command: editObject },
  [REASONS.artifactNotRead]: { at: 'source', command: doctor },
  [REASONS.artifactNotReady]: { at: 'source', command: describeObject },
  [REASONS.artifactInvalid]: { at: 'source', command: describeObject },
  [REASONS.artifactMismatch]: { at: 'source', command: describeObject },
  [REASONS.storeFull]: { at: 'artifact', command: kubectl('get templateassets -o wide') },
  [REASONS.storeFailed]: { at: 'artifact', command: operatorLog },
  [REASONS.internalError]: { at: 'object', command: operatorLog },
};

/** A reason that this release does not know, because the operator is newer. */
const UNKNOWN: Advice = { command: describeObject };

/** The operator has not seen the object, or what became of it. */
export const UNSEEN: Advice = { at: 'object', command: doctor };

/** Somebody waits for a decision about an object that works. */
export const ASKED: Advice = { at: 'object', command: showRequest };

/** Undefined where nothing is to be done. */
export function adviceFor({ reason, message }: Pick<Standing, 'reason' | 'message'>): Advice | undefined {
  if (reason === NOT_OBSERVED) return UNSEEN;
  if (reason !== REASONS.ledgerFrozen && /\bthe ledger\b/i.test(message ?? '')) return WAITS_FOR_LEDGER;
  const advice = (GUIDE as Readonly<Record<string, Advice | typeof NOTHING_TO_DO | undefined>>)[reason ?? ''];
  return advice === NOTHING_TO_DO ? undefined : (advice ?? UNKNOWN);
}
