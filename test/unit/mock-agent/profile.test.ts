import { describe, expect, it } from 'vitest';
import { ProfileError, readProfile } from '../../../src/mock-agent/profile.ts';
import { assets, CONFIG, skill } from './assets.ts';

describe('readProfile', () => {
  it('takes name, description and version from config.yaml and the skills from their folders, sorted', async () => {
    const configs = await assets({
      'config.yaml': CONFIG,
      'agent-skills/zeta/SKILL.md': skill('Zeta', 'Last'),
      'agent-skills/code-review/SKILL.md': skill('Code review', 'Reviews a change'),
      'agent-skills/notes/README.md': 'no skill',
      'agent-skills/README.md': 'no skill either',
    });
    expect(await readProfile(configs)).toEqual({
      name: 'Claude Code',
      description: 'Writes code',
      version: '2.1.0',
      skills: [
        { id: 'code-review', name: 'Code review', description: 'Reviews a change' },
        { id: 'zeta', name: 'Zeta', description: 'Last' },
      ],
    });
  });

  it('needs no skills, no description and no version', async () => {
    const configs = await assets({ 'config.yaml': 'name: Bare' });
    expect(await readProfile(configs)).toEqual({ name: 'Bare', description: '', version: '1.0.0', skills: [] });
  });

  it.each([
    ['no config.yaml', {}, /config\.yaml: it does not exist$/],
    ['an empty config.yaml', { 'config.yaml': '' }, /config\.yaml: name: /],
    ['a stub without a name', { 'config.yaml': 'description: x' }, /config\.yaml: name: /],
    ['a blank name', { 'config.yaml': 'name: "  "' }, /config\.yaml: name: /],
    ['a config.yaml that is a list', { 'config.yaml': '- a' }, /config\.yaml: Invalid input/],
    ['a config.yaml that is not YAML', { 'config.yaml': 'name: [a' }, /config\.yaml: Flow sequence/],
    [
      'a skill without front matter',
      { 'config.yaml': CONFIG, 'agent-skills/a/SKILL.md': '# A' },
      /a\/SKILL\.md: name: .*description: /,
    ],
    [
      'a skill with broken front matter',
      { 'config.yaml': CONFIG, 'agent-skills/a/SKILL.md': '---\nname: [\n---\n' },
      /a\/SKILL\.md: /,
    ],
  ])('refuses %s and names the file', async (_name, files, message) => {
    const error = await readProfile(await assets(files)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProfileError);
    expect(String(error)).toMatch(message);
  });

  it('passes on what is not about the content, such as a file in place of the folder', async () => {
    const configs = await assets({ 'config.yaml/nested': '' });
    await expect(readProfile(configs)).rejects.toThrow('EISDIR');
  });
});
