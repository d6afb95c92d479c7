import { describe, expect, it } from 'vitest';
import type { ApprovalRequest, Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { judgeDeletion } from '../../../../src/cli/deletion/judge-deletion.ts';
import { decided, draft, NAME, request } from '../approvals/requests.ts';
import { workspace } from '../objects.ts';

const UID = '00000000-0000-4000-8000-000000000001';
const live = workspace('writer', { metadata: { uid: UID } });
const deleting = workspace('writer', { metadata: { uid: UID, deletionTimestamp: '2026-11-21T07:04:00Z' } });
const namesake = workspace('writer', { metadata: { uid: 'another' } });
const grantOf = (name: string): Workspace =>
  workspace('writer', { metadata: { uid: UID }, status: { deletionGrant: { request: name, hash: 'a' } } });
const older = { name: 'apr-older', creationTimestamp: '2026-11-20T07:00:00Z' };

describe('judgeDeletion()', () => {
  it.each<[string, Workspace | undefined, readonly ApprovalRequest[], string, string?]>([
    ['has to be asked for when nobody has', live, [], 'unasked'],
    ['waits for the operator to ask when it was deleted by other means', deleting, [], 'undecided'],
    ['waits for the operator to complete a draft', live, [draft()], 'undecided', NAME],
    ['waits for a human', live, [request()], 'undecided', NAME],
    ['waits for a human while it is held', deleting, [request()], 'undecided', NAME],
    ['waits for the operator to grant it', live, [decided('Approved', 'Approved')], 'approved', NAME],
    ['waits for the operator to see the decision', live, [decided('Approved', 'Pending')], 'approved', NAME],
    [
      'is not let in by the grant of another request',
      grantOf('apr-x'),
      [decided('Approved', 'Approved')],
      'approved',
      NAME,
    ],
    ['can be sent once it is granted', grantOf(NAME), [decided('Approved', 'Approved')], 'deletable', NAME],
    ['goes on by itself once it is approved', deleting, [decided('Approved', 'Approved')], 'going', NAME],
    ['goes on by itself once the approval is used up', deleting, [decided('Approved', 'Consumed')], 'going', NAME],
    ['is denied', live, [decided('Denied', 'Denied')], 'denied', NAME],
    ['is denied as soon as somebody said so', deleting, [decided('Denied', 'Pending')], 'denied', NAME],
    ['is denied although the object is on its way back', undefined, [decided('Denied', 'Denied')], 'denied', NAME],
    [
      'is denied although the object is back under another uid',
      namesake,
      [decided('Denied', 'Denied')],
      'denied',
      NAME,
    ],
    ['is over', undefined, [decided('Approved', 'Consumed')], 'gone'],
    ['is over although a namesake is there', namesake, [decided('Approved', 'Consumed')], 'gone'],
    [
      'has to be asked for again when the request came to nothing',
      live,
      [request({ status: { phase: 'Expired' } })],
      'unasked',
      NAME,
    ],
    ['waits for the next request of the operator', deleting, [request({ status: { phase: 'Expired' } })], 'undecided'],
    [
      'follows the open request and not a newer one that was withdrawn',
      live,
      [request({ metadata: older }), request({ status: { phase: 'Withdrawn' } })],
      'undecided',
      'apr-older',
    ],
    [
      'follows the newer of two that came to their end',
      live,
      [decided('Denied', 'Denied', older), request({ status: { phase: 'Expired' } })],
      'unasked',
      NAME,
    ],
  ])('%s', (_sentence, object, requests, kind, name) => {
    const verdict = judgeDeletion({ uid: UID, live: object, requests });
    const told = 'request' in verdict ? verdict.request : 'last' in verdict ? verdict.last : undefined;
    expect([verdict.kind, told?.metadata.name]).toEqual([kind, name]);
  });
});
