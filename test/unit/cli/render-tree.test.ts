import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { styleOf } from '../../../src/cli/style.ts';
import { buildTrees } from '../../../src/cli/tree/build-tree.ts';
import { type RenderOptions, renderTrees } from '../../../src/cli/tree/render-tree.ts';
import { child, condition, org, workspace } from './objects.ts';

const NOW = new Date('2026-11-21T07:05:00Z');
const PLAIN: RenderOptions = { style: { hasColor: false, hasUnicode: true }, now: NOW, isWide: false };

const waiting = {
  status: {
    observedGeneration: 1,
    conditions: [
      condition('Ready', 'False', {
        reason: 'TemplateNotReady',
        message: 'Secret "forge-token" has no key "token"; add it',
      }),
    ],
  },
};
const TREES = buildTrees(
  [org('acme'), org('beta', { spec: { displayName: 'Beta' } })],
  [
    workspace('platform-agent'),
    workspace('researcher'),
    child('librarian', 'researcher'),
    workspace('writer', { ...waiting, metadata: { creationTimestamp: '2026-11-21T07:04:50Z' } }),
    child('lost', 'nobody'),
    child('below', 'lost'),
    child('ring-a', 'ring-b'),
    child('ring-b', 'ring-a'),
  ],
);

function render(options: Partial<RenderOptions>): string {
  return renderTrees(TREES, { ...PLAIN, ...options })
    .map((line) => `${line}\n`)
    .join('');
}

describe('renderTrees', () => {
  it('aligns the columns and shows what is not attached, with the reason', () => {
    expect(render({})).toMatchInlineSnapshot(`
      "NAME                  STATE    REVISION      AGE  MESSAGE
      ✔ acme                Ready                  5m   Org "Acme Corp", 7 of 8 agents ready
      ├─ ✔ platform-agent   Ready    a1b2c3d4e5f6  3m
      │  ├─ ✔ researcher    Ready    a1b2c3d4e5f6  3m
      │  │  └─ ✔ librarian  Ready    a1b2c3d4e5f6  3m
      │  └─ ● writer        Waiting  a1b2c3d4e5f6  10s  TemplateNotReady: Secret "forge-token" has no key "token"; add it
      └─ not attached to the tree
         ├─ ✔ lost          Ready    a1b2c3d4e5f6  3m   ParentNotFound: Workspace "nobody" does not exist in this namespace; create it or change spec.parentRef
         │  └─ ✔ below      Ready    a1b2c3d4e5f6  3m
         ├─ ✔ ring-a        Ready    a1b2c3d4e5f6  3m   ParentCycle: "ring-a", "ring-b" form a circle; set another spec.parentRef on one of them
         └─ ✔ ring-b        Ready    a1b2c3d4e5f6  3m   ParentCycle: "ring-a", "ring-b" form a circle; set another spec.parentRef on one of them
      ✔ beta                Ready                  5m   Org "Beta", 0 of 0 agents ready
      └─ ✖ platform-agent   Missing  -             -    PlatformAgentNotReady: The operator creates it as soon as it sees the Org
      "
    `);
  });

  it('adds columns when wide', () => {
    expect(render({ isWide: true, style: { hasColor: false, hasUnicode: true, width: 20 } })).toMatchInlineSnapshot(`
      "NAME                  STATE    REVISION      AGE  POD                ENDPOINT                RUNTIME  TEMPLATE  FILES  MESSAGE
      ✔ acme                Ready                  5m                                                                        Org "Acme Corp", 7 of 8 agents ready
      ├─ ✔ platform-agent   Ready    a1b2c3d4e5f6  3m   ws-platform-agent  http://10.244.0.7:8000  -        -         7
      │  ├─ ✔ researcher    Ready    a1b2c3d4e5f6  3m   ws-researcher      http://10.244.0.7:8000  -        -         7
      │  │  └─ ✔ librarian  Ready    a1b2c3d4e5f6  3m   ws-librarian       http://10.244.0.7:8000  -        -         7
      │  └─ ● writer        Waiting  a1b2c3d4e5f6  10s  ws-writer          http://10.244.0.7:8000  -        -         7      TemplateNotReady: Secret "forge-token" has no key "token"; add it
      └─ not attached to the tree
         ├─ ✔ lost          Ready    a1b2c3d4e5f6  3m   ws-lost            http://10.244.0.7:8000  -        -         7      ParentNotFound: Workspace "nobody" does not exist in this namespace; create it or change spec.parentRef
         │  └─ ✔ below      Ready    a1b2c3d4e5f6  3m   ws-below           http://10.244.0.7:8000  -        -         7
         ├─ ✔ ring-a        Ready    a1b2c3d4e5f6  3m   ws-ring-a          http://10.244.0.7:8000  -        -         7      ParentCycle: "ring-a", "ring-b" form a circle; set another spec.parentRef on one of them
         └─ ✔ ring-b        Ready    a1b2c3d4e5f6  3m   ws-ring-b          http://10.244.0.7:8000  -        -         7      ParentCycle: "ring-a", "ring-b" form a circle; set another spec.parentRef on one of them
      ✔ beta                Ready                  5m                                                                        Org "Beta", 0 of 0 agents ready
      └─ ✖ platform-agent   Missing  -             -    -                  -                       -        -         -      PlatformAgentNotReady: The operator creates it as soon as it sees the Org
      "
    `);
  });

  it('says of nobody that they are ready whom the operator has not looked at since, and no word twice', () => {
    const suspended = condition('Ready', 'False', { reason: 'Suspended', message: 'Suspended; resume it' });
    const trees = buildTrees(
      [org('acme')],
      [
        workspace('platform-agent'),
        workspace('changed', { metadata: { generation: 2 } }),
        workspace('paused', {
          spec: { suspend: true },
          status: { observedGeneration: 1, conditions: [suspended] },
        }),
      ],
    );
    const lines = renderTrees(trees, PLAIN).map((line) => line.replace(/ +/g, ' '));
    expect(lines).toContain(
      ' ├─ ● changed Progressing a1b2c3d4e5f6 3m NotObserved: The operator has not looked at this change yet',
    );
    expect(lines).toContain(' └─ ○ paused Suspended a1b2c3d4e5f6 3m Suspended; resume it');
  });

  it('does with ASCII where the locale is not UTF-8', () => {
    const text = render({ style: { hasColor: false, hasUnicode: false, width: 100 } });
    expect(text).toMatchInlineSnapshot(`
      "NAME                  STATE    REVISION      AGE  MESSAGE
      + acme                Ready                  5m   Org "Acme Corp", 7 of 8 agents ready
      |- + platform-agent   Ready    a1b2c3d4e5f6  3m
      |  |- + researcher    Ready    a1b2c3d4e5f6  3m
      |  |  \`- + librarian  Ready    a1b2c3d4e5f6  3m
      |  \`- * writer        Waiting  a1b2c3d4e5f6  10s  TemplateNotReady: Secret "forge-token" has no k...
      \`- not attached to the tree
         |- + lost          Ready    a1b2c3d4e5f6  3m   ParentNotFound: Workspace "nobody" does not exi...
         |  \`- + below      Ready    a1b2c3d4e5f6  3m
         |- + ring-a        Ready    a1b2c3d4e5f6  3m   ParentCycle: "ring-a", "ring-b" form a circle; ...
         \`- + ring-b        Ready    a1b2c3d4e5f6  3m   ParentCycle: "ring-a", "ring-b" form a circle; ...
      + beta                Ready                  5m   Org "Beta", 0 of 0 agents ready
      \`- x platform-agent   Missing  -             -    PlatformAgentNotReady: The operator creates it ...
      "
    `);
    expect(text).toMatch(/^[\n\x20-\x7E]*$/);
  });

  it('cuts lines at the width of the terminal and nowhere else', () => {
    const lines = renderTrees(TREES, { ...PLAIN, style: { hasColor: false, hasUnicode: true, width: 60 } });
    expect(lines.map((line) => [...line].length).filter((length) => length > 60)).toEqual([]);
    expect(lines.find((line) => line.includes('writer'))).toMatch(/TemplateN…$/);
  });

  it('colours mark and state alone, without moving a column', () => {
    const colored = render({ style: { hasColor: true, hasUnicode: true } });
    expect(colored).toContain('├─ \u001B[32m✔\u001B[0m platform-agent');
    expect(colored).toContain('\u001B[33mWaiting\u001B[0m');
    expect(stripVTControlCharacters(colored)).toBe(render({}));
  });

  it('lets no object write to the terminal', () => {
    const message = 'one\n\u001B[2Jtwo\u009B31m\tthree\u202E';
    const evil = workspace('evil', {
      status: { conditions: [condition('Ready', 'False', { reason: 'X', message })] },
    });
    const text = renderTrees(buildTrees([org('acme')], [evil]), PLAIN).join('\n');
    expect(text).toContain('X: one [2Jtwo 31m three');
    for (const character of ['\u001B', '\u009B', '\u202E']) expect(text).not.toContain(character);
  });
});

describe('styleOf', () => {
  const write = () => true;
  const terminal = { stdout: { write, isTTY: true, columns: 80 }, stderr: { write } };
  const pipe = { stdout: { write, columns: 80 }, stderr: { write } };

  it.each([
    [
      'colour and Unicode on a terminal',
      terminal,
      { LANG: 'en_US.UTF-8' },
      true,
      { hasColor: true, hasUnicode: true, width: 80 },
    ],
    ['neither colour nor cuts in a pipe', pipe, { LANG: 'C.utf8' }, true, { hasColor: false, hasUnicode: true }],
    ['no colour with NO_COLOR', terminal, { NO_COLOR: '1' }, true, { hasColor: false, hasUnicode: false, width: 80 }],
    [
      'colour with an empty NO_COLOR',
      terminal,
      { NO_COLOR: '' },
      true,
      { hasColor: true, hasUnicode: false, width: 80 },
    ],
    [
      'no colour on a dumb terminal',
      terminal,
      { TERM: 'dumb' },
      true,
      { hasColor: false, hasUnicode: false, width: 80 },
    ],
    ['no colour when it is not wanted', terminal, {}, false, { hasColor: false, hasUnicode: false, width: 80 }],
    ['LC_ALL before LANG', pipe, { LC_ALL: 'C', LANG: 'en_US.UTF-8' }, true, { hasColor: false, hasUnicode: false }],
  ])('gives %s', (_name, streams, env, isColorWanted, expected) => {
    expect(styleOf(streams.stdout, { env, isColorWanted })).toEqual(expected);
  });
});
