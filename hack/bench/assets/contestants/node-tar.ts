/** `node-tar.mjs ARCHIVE TARGET`: the package `tar`, as its documentation says to use it. */
import { extract } from 'tar';
import { readProcessStats } from '../../process-stats.ts';

const [file = '', cwd = ''] = process.argv.slice(2);
await extract({ file, cwd, strip: 1 });
process.stdout.write(JSON.stringify(await readProcessStats(process.pid)));
