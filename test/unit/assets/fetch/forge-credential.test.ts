import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseAllowedHosts } from '../../../../src/assets/fetch/allowed-hosts.ts';
import { ForgeCredential } from '../../../../src/assets/fetch/forge-credential.ts';
import { createLogger } from '../../../../src/platform/log.ts';

const TOKEN = 'canary-0123456789';

function credential(allowed: string): ForgeCredential {
  return new ForgeCredential(TOKEN, parseAllowedHosts(allowed) ?? expect.unreachable('it is a list of hosts'));
}

describe('a token', () => {
  it.each([
    ['git.example.com', 'https://git.example.com/api/v1', true],
    ['git.example.com', 'https://git.example.com:443/', true],
    ['GIT.example.COM:443', 'https://git.example.com/', true],
    ['git.example.com', 'https://git.example.com:8443/', false],
    ['git.example.com', 'http://git.example.com/', false],
    ['git.example.com:80', 'http://git.example.com/', true],
    ['git.example.com:80', 'https://git.example.com/', false],
    ['127.0.0.1:3000', 'http://127.0.0.1:3000/', true],
    ['0x7f.1:3000', 'http://127.0.0.1:3000/', true],
    ['[::1]:3000', 'http://[0:0::1]:3000/', true],
    ['a.example, b.example\n c.example:8443', 'https://c.example:8443/', true],
    ['a.example, b.example', 'https://c.example/', false],
    ['example.com', 'https://git.example.com/', false],
    ['git.example.com', 'https://git.example.com.evil.example/', false],
    ['git.example.com', 'https://git.example.com./', false],
    ['bücher.example', 'https://xn--bcher-kva.example/', true],
    ['apple.com', 'https://аpple.com/', false],
    ['github.com', 'https://api.github.com/repos', true],
    ['www.github.com', 'https://api.github.com/repos', true],
    ['api.github.com', 'https://github.com/', false],
    ['github.com:8443', 'https://api.github.com/', false],
  ])('for "%s" may go to %s: %s', (allowed, address, isAllowed) => {
    const url = new URL(address);
    expect(credential(allowed).isFor(url)).toBe(isAllowed);
    expect(credential(allowed).authorize(url, 'Bearer')).toBe(isAllowed ? `Bearer ${TOKEN}` : undefined);
  });

  it.each([
    'https://git.example.com',
    'git.example.com/path',
    '*.example.com',
    'user@git.example.com',
    'git.example.com:port',
    'git.example.com:99999',
    'a b%20c',
    '?',
    '*',
    'good.example,http://x',
  ])('is bound to nothing by %j', (allowed) => expect(parseAllowedHosts(allowed)).toBeUndefined());

  it('is shown to nobody who prints, serialises, inspects or logs it, or what holds it', () => {
    const hidden = credential('git.example.com');
    const lines: string[] = [];
    createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } }).info(
      { hidden, deep: { call: [hidden] } },
      `${hidden}`,
    );
    const shown = [
      String(hidden),
      JSON.stringify({ hidden }),
      inspect({ hidden }, { showHidden: true, depth: 9 }),
      ...lines,
    ];
    for (const text of shown) {
      expect(text).toContain('***');
      expect(text).not.toContain('canary');
    }
    expect(structuredClone({ ...hidden })).toEqual({ id: hidden.id });
    expect(hidden.id).not.toContain('canary');
    expect(hidden.redact(`a path with ${TOKEN} in it`)).toBe('a path with *** in it');
  });
});
