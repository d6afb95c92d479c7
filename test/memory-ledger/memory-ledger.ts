import { BREAK_GLASS_OPERATION } from '../../src/apis/v1alpha1/names.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import {
  judgeBind,
  judgeClose,
  judgeConsume,
  judgeDecide,
  notCovered,
  unknownApproval,
  withoutSubject,
} from '../../src/ledger/approval-rules.ts';
import { type AuditEvent, auditEventOf } from '../../src/ledger/audit/events.ts';
import type { ApprovalState, CaseFile, Claim, Holders, Ledger, Release } from '../../src/ledger/port.ts';
import { sha256Hex } from '../../src/platform/digest.ts';
import type { ApprovalEffect, Intent, IntentOutcome, OperationMember } from '../../src/runtime/plan.ts';

export interface MemoryApproval {
  readonly id: string;
  readonly subjectUID: string;
  readonly action: string;
  readonly subject: string;
  readonly attempt: number;
  readonly nonce: string;
  readonly expiresAt: Date;
  state: ApprovalState;
  hash?: string;
  decidedBy?: string;
  operationID?: string;
}

export interface MemoryOperation {
  readonly id: string;
  readonly subjectUID: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly startedAt: Date;
  approvalID?: string;
  /** The operation that covers this one. */
  readonly parentID?: string;
  members: readonly MemoryMember[];
  result?: Readonly<Record<string, unknown>>;
}

export interface MemoryMember extends OperationMember {
  readonly eraseAfter?: Date;
}

export interface MemoryAuditEntry {
  readonly event: AuditEvent;
  readonly subjectUID: string;
  readonly subject: string;
  readonly actor: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface MemoryLedgerOptions {
  readonly now: () => Date;
  /** From 0 up to 1. @default a fixed row of numbers */
  readonly random?: () => number;
}

/**
 * The ledger in memory, with the rules of the one in Postgres: every call ends in the same answers and in the same rows there
 * (test/integration/ledger/parity.test.ts). What it keeps can be read for assertions.
 */
export class MemoryLedger implements Ledger {
  readonly approvals: MemoryApproval[] = [];
  readonly operations: MemoryOperation[] = [];
  readonly audit: MemoryAuditEntry[] = [];
  readonly #askers = new Map<string, Set<string>>();
  readonly #snapshots = new Map<string, KubeObject>();
  readonly #holders = new Map<string, string>();
  readonly #options: MemoryLedgerOptions;
  #drawn = 0;

  constructor(options: MemoryLedgerOptions) {
    this.#options = options;
  }

  async prepare(): Promise<undefined> {
    return undefined;
  }

  async close(): Promise<undefined> {
    return undefined;
  }

  async approve(effect: ApprovalEffect): Promise<void> {
    switch (effect.kind) {
      case 'open':
        return this.#open(effect);
      case 'bind': {
        const approval = this.#find(effect.approvalID);
        if (judgeBind(this.#facts(approval), effect) === 'take') approval.hash = effect.hash;
        return;
      }
      case 'decide':
        return this.#decide(effect);
      case 'consume':
        return this.#consume(effect);
      case 'close': {
        const approval = this.#find(effect.approvalID);
        if (judgeClose(this.#facts(approval), effect) === 'taken') return;
        approval.state = effect.as;
        return this.#append(auditEventOf(effect.as), approval, '', { attempt: approval.attempt, state: effect.as });
      }
      case 'snapshot': {
        const { subjectUID, object } = effect;
        if (this.#snapshots.has(subjectUID)) return;
        this.#snapshots.set(subjectUID, structuredClone(object));
        const { namespace = '', name } = object.metadata;
        const subject = `${object.kind} ${namespace}/${name}`;
        return this.#append('SNAPSHOT', { subjectUID, subject }, '', { sha256: sha256Hex(JSON.stringify(object)) });
      }
      default:
        return effect satisfies never;
    }
  }

  async record(intent: Intent): Promise<void> {
    const { subjectUID, action, subject, detail, operationID } = intent;
    if (operationID !== undefined) {
      const { members = [], result } = this.operations.find(({ id }) => id === operationID) ?? {};
      const isOpen = result === undefined || this.#operationOn(intent) !== undefined;
      if (!isOpen || !members.some(({ uid }) => uid === subjectUID)) throw notCovered(subject);
    }
    if (this.#operationOn(intent) !== undefined) return;
    const parent = operationID === undefined ? {} : { parentID: operationID };
    this.operations.push({
      id: this.#uuid(),
      subjectUID,
      action,
      subject,
      detail: structuredClone(detail),
      startedAt: this.#options.now(),
      members: [],
      ...parent,
    });
    this.#append('OPERATION_STARTED', intent, '', { action, ...parent });
  }

  async conclude(outcome: IntentOutcome): Promise<void> {
    const { subjectUID, action, result } = outcome;
    const operation = this.#operationOn(outcome);
    if (operation === undefined) throw new Error(`Cannot conclude "${action}" of ${subjectUID}: it was never recorded`);
    if (operation.result !== undefined) return;
    operation.result = structuredClone(result);
    this.#append('OPERATION_CONCLUDED', operation, '', { action, result });
  }

  async readCase(subjectUID: string, action: string): Promise<CaseFile> {
    const askers = [...(this.#askers.get(subjectUID) ?? [])].sort();
    const latest = this.#latest(subjectUID, action);
    if (latest === undefined) return { askers };
    const { id, attempt, state, nonce, hash, decidedBy, operationID } = latest;
    return {
      askers,
      latest: {
        id,
        attempt,
        state,
        nonce,
        expiresAt: latest.expiresAt.toISOString().replace('.000Z', 'Z'),
        isExpired: this.#isExpired(latest),
        ...(hash === undefined ? {} : { hash }),
        ...(decidedBy === undefined ? {} : { decidedBy }),
        ...(operationID === undefined ? {} : { operationID }),
      },
    };
  }

  async readSnapshot(subjectUID: string): Promise<KubeObject | undefined> {
    return structuredClone(this.#snapshots.get(subjectUID));
  }

  async addAsker(subjectUID: string, asker: string): Promise<void> {
    const askers = this.#askers.get(subjectUID) ?? new Set();
    if (askers.has(asker)) return;
    this.#askers.set(subjectUID, askers.add(asker));
    this.#append('DELETION_ASKED', { subjectUID, subject: '' }, asker, {});
  }

  async mayErase(operationID: string, claimUID: string): Promise<boolean> {
    const covering = this.operations.filter(
      ({ id, detail }) => id === operationID || (operationID === BREAK_GLASS_OPERATION && detail.breakGlass === true),
    );
    return covering
      .flatMap(({ members = [] }) => members)
      .some(
        (member) =>
          member.claimUID === claimUID && member.eraseAfter !== undefined && this.#options.now() >= member.eraseAfter,
      );
  }

  async holders(): Promise<Holders> {
    return new Map(this.#holders);
  }

  async claim(claims: readonly Claim[]): Promise<Holders> {
    for (const { id, holderUID, deadHolderUID } of claims) {
      const holder = this.#holders.get(id);
      if (holder === undefined || holder === deadHolderUID) this.#holders.set(id, holderUID);
    }
    return new Map(claims.map(({ id }) => [id, this.#holders.get(id) ?? '']));
  }

  async release(releases: readonly Release[]): Promise<void> {
    for (const { id, holderUID } of releases) if (this.#holders.get(id) === holderUID) this.#holders.delete(id);
  }

  async #open(effect: Extract<ApprovalEffect, { kind: 'open' }>): Promise<void> {
    const { subjectUID, action, subject, ttlSeconds, asker } = effect;
    if (asker !== undefined) await this.addAsker(subjectUID, asker);
    const latest = this.#latest(subjectUID, action);
    if (latest !== undefined && ['Open', 'Approved', 'Consumed'].includes(latest.state)) return;
    const attempt = (latest?.attempt ?? 0) + 1;
    const expiresAt = new Date(Math.ceil(this.#options.now().getTime() / 1000 + ttlSeconds) * 1000);
    const drawn = { id: this.#uuid(), nonce: this.#hex(32), expiresAt };
    this.approvals.push({ ...drawn, subjectUID, action, subject, attempt, state: 'Open' });
    this.#append('APPROVAL_REQUESTED', effect, asker ?? '', { action, attempt });
  }

  #decide(effect: Extract<ApprovalEffect, { kind: 'decide' }>): void {
    const approval = this.#find(effect.approvalID);
    if (judgeDecide(this.#facts(approval), effect) === 'taken') return;
    approval.state = effect.verdict;
    approval.decidedBy = effect.by;
    const { attempt } = approval;
    this.#append(auditEventOf(effect.verdict), approval, effect.by, { attempt, hash: effect.hash });
  }

  #consume(effect: Extract<ApprovalEffect, { kind: 'consume' }>): void {
    const approval = this.#find(effect.approvalID);
    const { id: approvalID, subjectUID, action, subject, attempt } = approval;
    if (judgeConsume(this.#facts(approval), effect) === 'taken') return;
    const { hash, detail } = effect;
    const members = effect.members.map((member) => this.#withErasure(member));
    if (!members.some(({ uid }) => uid === subjectUID)) throw withoutSubject(subject);
    let operation = this.#operationOn(approval);
    if (operation === undefined) {
      const startedAt = this.#options.now();
      operation = {
        id: this.#uuid(),
        subjectUID,
        action,
        subject,
        detail: structuredClone(detail),
        startedAt,
        members,
      };
      this.operations.push(operation);
    }
    operation.approvalID = approvalID;
    operation.members = members;
    approval.state = 'Consumed';
    approval.operationID = operation.id;
    const actor = approval.decidedBy ?? '';
    this.#append('APPROVAL_CONSUMED', approval, actor, { attempt, hash });
    this.#append('OPERATION_STARTED', approval, actor, { action, members: members.map(({ uid }) => uid), detail });
  }

  #withErasure(member: OperationMember): MemoryMember {
    if (member.retainSeconds === undefined) return member;
    return { ...member, eraseAfter: new Date(this.#options.now().getTime() + member.retainSeconds * 1000) };
  }

  #append(
    event: AuditEvent,
    { subjectUID, subject }: { readonly subjectUID: string; readonly subject: string },
    actor: string,
    detail: Readonly<Record<string, unknown>>,
  ): void {
    this.audit.push({ event, subjectUID, subject, actor, detail: structuredClone(detail) });
  }

  #find(approvalID: string): MemoryApproval {
    const approval = this.approvals.find(({ id }) => id === approvalID);
    if (approval === undefined) throw unknownApproval();
    return approval;
  }

  #facts(approval: MemoryApproval) {
    const { state, hash, decidedBy, subjectUID } = approval;
    const isSelfApproved = decidedBy !== undefined && this.#askers.get(subjectUID)?.has(decidedBy) === true;
    return { state, hash, isExpired: this.#isExpired(approval), isSelfApproved };
  }

  #isExpired({ expiresAt }: MemoryApproval): boolean {
    return this.#options.now().getTime() >= expiresAt.getTime();
  }

  #latest(subjectUID: string, action: string): MemoryApproval | undefined {
    return this.approvals.findLast((approval) => approval.subjectUID === subjectUID && approval.action === action);
  }

  #operationOn(of: { readonly subjectUID: string; readonly action: string }): MemoryOperation | undefined {
    return this.operations.find(({ subjectUID, action }) => subjectUID === of.subjectUID && action === of.action);
  }

  #uuid(): string {
    return this.#hex(32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  #hex(digits: number): string {
    const { random } = this.#options;
    if (random === undefined) {
      this.#drawn += 1;
      return this.#drawn.toString(16).padStart(digits, '0');
    }
    return Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
  }
}
