import { beforeAll, describe, expect, it } from 'vitest';
import { createNamespace, mustKubectl } from '../../support/control-plane.ts';
import { OTHER_UUID, tryToCreate, tryToPatch, UUID } from './requests.ts';

const BAD_NAME =
  "Cannot use this displayName: it holds a line break or one of { } [ ] | > * & !, which would break the agent's configuration; leave them out.";
const BAD_SIZE = 'Cannot use this size: it is not a positive quantity; write for example 512Mi or 10Gi.';
const BAD_TTL =
  'Cannot use this ttl: it is not a duration of one minute or more; write hours, minutes and seconds such as 72h or 1h30m.';
const BAD_RETENTION =
  'Cannot use this retention: it is not a duration; write hours, minutes and seconds such as 168h or 1h30m.';
const BAD_ID =
  'Cannot use this orgID: it is not a UUID in lower case; write one such as 1b4e28ba-2fa1-41d2-883f-0016d3cca427, or leave spec.orgID out to take the uid of this object.';
const CHANGED_ID =
  'Cannot change spec.orgID after creation: the identity of every agent is derived from it; put spec.orgID back as it was, or create another Org in another namespace.';

let namespace: string;
beforeAll(async () => {
  namespace = await createNamespace('org');
});

describe('an Org', () => {
  it.each([
    ['needs nothing but its name', {}, 'accepted'],
    ['may have an identity of its own', { orgID: UUID }, 'accepted'],
    ['has a UUID for identity', { orgID: UUID.toUpperCase() }, BAD_ID],
    ['may have any ordinary display name', { displayName: 'Acme, Söhne (2)' }, 'accepted'],
    ['has a display name without characters of YAML', { displayName: 'Acme [x]' }, BAD_NAME],
    ['has a display name on one line', { displayName: 'Acme\nCorp' }, BAD_NAME],
    ['may name its platform agent', { platformAgent: { displayName: 'Concierge' } }, 'accepted'],
    ['names its platform agent without characters of YAML', { platformAgent: { displayName: 'a|b' } }, BAD_NAME],
    ['may say how large volumes are', { defaults: { storage: { size: '10Gi' } } }, 'accepted'],
    ['says sizes as quantities', { defaults: { storage: { size: 'ten' } } }, BAD_SIZE],
    ['has no volumes of nothing', { platformAgent: { storage: { size: '0' } } }, BAD_SIZE],
    ['may let requests expire', { approvals: { ttl: '1h30m' } }, 'accepted'],
    ['lets requests expire after a duration', { approvals: { ttl: '3 days' } }, BAD_TTL],
    ['gives people a minute at least', { approvals: { ttl: '59s' } }, BAD_TTL],
    ['may keep volumes for a while', { retention: { volumes: '0s' } }, 'accepted'],
    ['keeps volumes for a duration', { retention: { volumes: 'forever' } }, BAD_RETENTION],
    ['has no tier 0 for everybody', { defaults: { tier: 0 } }, 'should be greater than or equal to 1'],
    [
      'gates an action once',
      { approvals: { gatedActions: ['secret_write', 'secret_write'] } },
      'Duplicate value: "secret_write"',
    ],
    [
      'pulls with a Secret once',
      { defaults: { imagePullSecrets: [{ name: 'a' }, { name: 'a' }] } },
      'spec.defaults.imagePullSecrets[1]: Duplicate value: {"name":"a"}',
    ],
    ['has no fields of its own invention', { displayNme: 'Acme' }, 'unknown field "spec.displayNme"'],
  ])('%s', async (_sentence, spec, expected) => {
    expect(await tryToCreate({ kind: 'Org', name: 'org', spec }, { namespace })).toContain(expected);
  });

  it('is named org, so that there is one in a namespace', async () => {
    expect(await tryToCreate({ kind: 'Org', name: 'acme', spec: {} }, { namespace })).toContain(
      "Cannot use this name for an Org: a namespace holds one Org and it is named 'org'; set metadata.name to 'org', or use another namespace for another Org.",
    );
  });

  it('holds deletions for approval and keeps volumes for a week unless told otherwise', async () => {
    const input = JSON.stringify({
      apiVersion: 'moleculesai.app/v1alpha1',
      kind: 'Org',
      metadata: { name: 'org' },
      spec: {},
    });
    const made = JSON.parse(
      await mustKubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], { namespace, input }),
    );
    expect(made.spec).toEqual({
      allowPrivilegedTiers: false,
      approvals: { mode: 'Hold' },
      retention: { volumes: '168h' },
    });
  });
});

describe('the identity of an Org', () => {
  let withID: string;
  beforeAll(async () => {
    withID = await createNamespace('org-id');
    for (const [target, spec] of [
      [withID, { orgID: UUID }],
      [namespace, {}],
    ] as const) {
      const org = { apiVersion: 'moleculesai.app/v1alpha1', kind: 'Org', metadata: { name: 'org' }, spec };
      await mustKubectl(['create', '-f', '-'], { namespace: target, input: JSON.stringify(org) });
    }
  });

  it('cannot be set later, because its uid was its identity until then', async () => {
    expect(await tryToPatch('org/org', { spec: { orgID: UUID } }, { namespace })).toContain(CHANGED_ID);
  });

  it.each([
    ['stays when something else changes', { displayName: 'Acme' }, 'accepted'],
    ['cannot be changed', { orgID: OTHER_UUID }, CHANGED_ID],
    ['cannot be taken away', { orgID: null }, CHANGED_ID],
  ])('%s', async (_sentence, spec, expected) => {
    expect(await tryToPatch('org/org', { spec }, { namespace: withID })).toContain(expected);
  });
});
