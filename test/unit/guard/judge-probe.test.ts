import { describe, expect, it } from 'vitest';
import { judgeProbe } from '../../../src/guard/judge-probe.ts';

const PROBE = { route: 'delete the volume of an agent' };

function status(message: string): string {
  return JSON.stringify({ kind: 'Status', status: 'Failure', message, reason: 'Forbidden', code: 403 });
}

function deniedBy(policy: string): string {
  return status(
    `persistentvolumeclaims "guard-probe" is forbidden: ValidatingAdmissionPolicy '${policy}' with binding '${policy}' denied request: Cannot delete`,
  );
}

describe('a probe', () => {
  it('that a policy of ours refuses is refused', () => {
    expect(judgeProbe(PROBE, { code: 403, text: deniedBy('volumes.moleculesai.app') })).toEqual({ kind: 'refused' });
  });

  it.each([
    ['let in', 200, '{}', 'Whoever has the rights can delete the volume of an agent: install'],
    ['let in as new', 201, '{}', 'Whoever has the rights can delete the volume of an agent: install'],
    ['refused for want of rights', 403, status('User "x" cannot delete resource'), 'It cannot be told whether'],
    ['refused by a policy of somebody else', 403, deniedBy('example.com'), 'It cannot be told whether'],
    [
      'refused by something that quotes our policy',
      403,
      status('denied, unlike volumes.moleculesai.app'),
      'It cannot be told whether',
    ],
    ['refused as invalid', 422, status('is invalid'), 'It cannot be told whether'],
    ['refused by a page', 403, '<html>Go away</html>', 'It cannot be told whether'],
  ])('that is %s is open', (_name, code, text, route) => {
    expect(judgeProbe(PROBE, { code, text })).toEqual({ kind: 'open', route: expect.stringContaining(route) });
  });

  it.each([401, 404, 409, 429, 500, 502, 503, 504])('that is answered with HTTP %i is not judged', (code) => {
    expect(judgeProbe(PROBE, { code, text: '' })).toMatchObject({ kind: 'unanswered' });
  });
});
