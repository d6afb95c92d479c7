import { beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR_USER } from '../../../src/apis/v1alpha1/names.ts';
import { kstatus } from '../../../src/conditions/conformance.ts';
import { createNamespace, mustKubectl } from '../../support/control-plane.ts';
import { OTHER_UUID, tryToCreate, tryToPatch, UUID } from './requests.ts';

const RESERVED =
  'Cannot use this name with this kind: the name platform-agent and the kind platform belong together and to the operator, which creates one such Workspace per Org; choose another metadata.name and leave spec.kind out.';
const YAML_CHARACTERS =
  "it holds a line break or one of { } [ ] | > * & !, which would break the agent's configuration; leave them out.";
const RESERVED_VARIABLE =
  'Cannot set this variable: the platform sets it itself (every MOLECULE_ name and LLM_PROVIDER, MODEL, PARENT_ID, PLATFORM_URL, TIER, WORKSPACE_CONFIG_PATH, WORKSPACE_ID); remove it and use the field of the spec that it comes from.';
const BAD_ID =
  'Cannot use this id: it is not a UUID in lower case; write one such as 1b4e28ba-2fa1-41d2-883f-0016d3cca427, or leave spec.id out to take the uid of this object.';
const ONE_VALUE = 'Cannot tell the value of this variable: it has none or two; set exactly one of value and valueFrom.';
const BAD_PLUGIN =
  "Cannot use this plugin: it is not a source; write a name, local://name, github://owner/repo#ref or gitea://owner/repo/subpath#ref, without '..'.";
const secretKeyRef = { name: 'keys', key: 'api-key' };

let namespace: string;
beforeAll(async () => {
  namespace = await createNamespace('ws');
});

describe('a Workspace', () => {
  it.each([
    ['needs nothing but a name', {}, 'accepted'],
    ['may have an identity of its own', { id: UUID }, 'accepted'],
    ['has a UUID for identity', { id: 'writer' }, BAD_ID],
    ['may have any ordinary display name', { displayName: 'Writer, the 2nd (EU)' }, 'accepted'],
    [
      'has a display name without characters of YAML',
      { displayName: 'Writer *' },
      `Cannot use this displayName: ${YAML_CHARACTERS}`,
    ],
    ['may have a role', { role: 'Writes; reads: everything' }, 'accepted'],
    ['has a role on one line', { role: 'Writes\r\nadmin: true' }, `Cannot use this role: ${YAML_CHARACTERS}`],
    ['may have another parent', { parentRef: { name: 'researcher' } }, 'accepted'],
    [
      'is not its own parent',
      { parentRef: { name: 'writer' } },
      'Cannot make a Workspace its own parent: set spec.parentRef.name to another Workspace, or leave spec.parentRef out to report to the platform agent.',
    ],
    ['may choose a tier', { tier: 1 }, 'accepted'],
    [
      'leaves tier 0 to the platform agent',
      { tier: 0 },
      "Cannot use tier 0: it is the platform agent's; choose a tier from 1 to 4, or leave spec.tier out to take the Org's default.",
    ],
    [
      'knows no tier 5',
      { tier: 5 },
      'spec.tier: Invalid value: 5: spec.tier in body should be less than or equal to 4',
    ],
    ['has a model on one line', { model: 'a\nb' }, 'spec.model: Invalid value'],
    ['may say how large its volume is', { storage: { size: '512Mi' } }, 'accepted'],
    [
      'says the size as a quantity',
      { storage: { size: '-1Gi' } },
      'Cannot use this size: it is not a positive quantity; write for example 512Mi or 10Gi.',
    ],
    ['may set variables', { env: [{ name: 'REGION', value: '' }] }, 'accepted'],
    ['may take variables from a Secret', { env: [{ name: 'KEY', valueFrom: { secretKeyRef } }] }, 'accepted'],
    ['gives each variable a value', { env: [{ name: 'KEY' }] }, ONE_VALUE],
    ['gives each variable one value', { env: [{ name: 'KEY', value: 'x', valueFrom: { secretKeyRef } }] }, ONE_VALUE],
    ['does not set what the platform sets', { env: [{ name: 'WORKSPACE_ID', value: 'x' }] }, RESERVED_VARIABLE],
    ['does not set MOLECULE_ variables', { env: [{ name: 'MOLECULE_API_KEY', value: 'x' }] }, RESERVED_VARIABLE],
    [
      'sets a variable once',
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      },
      'Duplicate value: {"name":"A"}',
    ],
    [
      'may have plugins from a forge',
      { plugins: ['browser', 'local://browser2', 'github://o/r#v1', 'gitea://o/r/sub#main'] },
      'accepted',
    ],
    ['has plugins from known places', { plugins: ['https://example.com/plugin.tgz'] }, BAD_PLUGIN],
    ['has no plugins from the folder above', { plugins: ['gitea://o/r/../x#main'] }, BAD_PLUGIN],
    ['has no plugin whose ref is an option', { plugins: ['github://o/r#-x'] }, BAD_PLUGIN],
    ['may have MCP servers', { mcpServers: [{ name: 'files', command: 'npx', args: ['-y', 'files'] }] }, 'accepted'],
    [
      'leaves the MCP server a2a alone',
      { mcpServers: [{ name: 'a2a', command: 'npx' }] },
      'Cannot name an MCP server a2a: every agent has that one already; choose another name.',
    ],
    [
      'has an MCP server once',
      {
        mcpServers: [
          { name: 'f', command: 'a' },
          { name: 'f', command: 'b' },
        ],
      },
      'Duplicate value: {"name":"f"}',
    ],
    [
      'is of a kind that exists',
      { kind: 'Platform' },
      'spec.kind: Unsupported value: "Platform": supported values: "workspace", "platform"',
    ],
    ['has no fields of its own invention', { modle: 'x' }, 'unknown field "spec.modle"'],
  ])('%s', async (_sentence, spec, expected) => {
    expect(await tryToCreate({ kind: 'Workspace', name: 'writer', spec }, { namespace })).toContain(expected);
  });

  it.each([
    ['may have a name of 63 characters', 'a'.repeat(63), 'accepted'],
    [
      'has a name that fits a label',
      'a'.repeat(64),
      'Cannot use this name for a Workspace: it is longer than the 63 characters of a label value; choose a shorter metadata.name and put the long one into spec.displayName.',
    ],
    ['leaves the name platform-agent to the platform agent', 'platform-agent', RESERVED],
  ])('%s', async (_sentence, name, expected) => {
    expect(await tryToCreate({ kind: 'Workspace', name, spec: {} }, { namespace })).toContain(expected);
  });

  it('is an ordinary one that runs unless told otherwise', async () => {
    const input = JSON.stringify({
      apiVersion: 'moleculesai.app/v1alpha1',
      kind: 'Workspace',
      metadata: { name: 'a' },
      spec: {},
    });
    const made = JSON.parse(
      await mustKubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], { namespace, input }),
    );
    expect(made.spec).toEqual({ kind: 'workspace', suspend: false });
  });
});

describe('the platform agent', () => {
  const operator = { as: OPERATOR_USER, groups: ['system:masters'] };

  it.each([
    ['has tier 0', 'platform-agent', { kind: 'platform', tier: 0 }, 'accepted'],
    ['has the reserved name', 'concierge', { kind: 'platform' }, RESERVED],
    [
      'has no parent',
      'platform-agent',
      { kind: 'platform', parentRef: { name: 'writer' } },
      'Cannot give the platform agent a parent: it is the root of its Org; remove spec.parentRef.',
    ],
  ])('%s', async (_sentence, name, spec, expected) => {
    expect(await tryToCreate({ kind: 'Workspace', name, spec }, { namespace, ...operator })).toContain(expected);
  });
});

describe('what a Workspace was created as', () => {
  const changedID =
    "Cannot change spec.id after creation: the agent's data and tokens belong to it; put spec.id back as it was, or create another Workspace.";
  beforeAll(async () => {
    for (const [name, spec] of [
      ['with-id', { id: UUID }],
      ['without-id', {}],
    ] as const) {
      const input = JSON.stringify({
        apiVersion: 'moleculesai.app/v1alpha1',
        kind: 'Workspace',
        metadata: { name },
        spec,
      });
      await mustKubectl(['create', '-f', '-'], { namespace, input });
    }
  });

  it.each([
    ['does not get an identity later', 'without-id', { id: UUID }, changedID],
    ['may move to another parent', 'with-id', { parentRef: { name: 'without-id' } }, 'accepted'],
    ['keeps its identity', 'with-id', { id: OTHER_UUID }, changedID],
    ['does not lose its identity', 'with-id', { id: null }, changedID],
    [
      'keeps its kind',
      'with-id',
      { kind: 'platform' },
      'Cannot change spec.kind: an agent stays what it was created as; put the old value back.',
    ],
  ])('%s', async (_sentence, name, spec, expected) => {
    expect(await tryToPatch(`workspace/${name}`, { spec }, { namespace })).toContain(expected);
  });
});

it('is not finished for kstatus before anybody has looked at it', async () => {
  const input = JSON.stringify({
    apiVersion: 'moleculesai.app/v1alpha1',
    kind: 'Workspace',
    metadata: { name: 'new' },
    spec: {},
  });
  const created = JSON.parse(await mustKubectl(['create', '-o', 'json', '-f', '-'], { namespace, input }));
  expect(created.status).toEqual({ observedGeneration: -1 });
  expect(kstatus(created)).toBe('InProgress');
});
