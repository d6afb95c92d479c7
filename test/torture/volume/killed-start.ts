/** `node killed-start.ts TARGET STATE N`: heals a volume to the new revision and kills itself at its Nth change. */
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBundleHead } from '../../../src/assets/bundle/bundle-file.ts';
import { materializeBundle } from '../../../src/materialize/materialize-bundle.ts';
import { openStateDirectory } from '../../../src/materialize/state-directory.ts';
import { openVolume } from '../../../src/materialize/volume.ts';
import { bundleOf, DEFAULT } from '../../unit/materialize/fixture.ts';
import { endingsAt } from './endings.ts';
import { interceptFileCalls } from './file-calls.ts';
import { NEW } from './world.ts';

const [target = '', stateDirectory = '', nth = '1'] = process.argv.slice(2);
const state = openStateDirectory(stateDirectory);
const path = join(stateDirectory, 'new-revision');
await writeFile(path, bundleOf(NEW).bytes);
await using handle = await open(path, 'r');
const head = await readBundleHead(handle);
using calls = await interceptFileCalls();
let changes = 0;
await calls.intercept(
  (call, perform) => {
    if (endingsAt(call).some(({ kind }) => kind === 'killed')) changes += 1;
    if (changes === Number(nth)) process.kill(process.pid, 'SIGKILL');
    return perform();
  },
  async () => {
    await materializeBundle({
      volume: openVolume(target),
      bundle: { fd: handle.fd, head },
      include: DEFAULT,
      trustedInventory: await state.read('manifest.json'),
      saveInventory: (text) => state.write('manifest.json', text),
    });
  },
);
