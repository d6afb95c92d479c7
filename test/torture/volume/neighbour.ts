/**
 * A process of its own that attacks a volume until it is told to stop: `node neighbour.ts SEED TARGET OUTSIDE...`. It says
 * so when it has begun, and ends when its standard input does.
 */
import { randomOf } from '../random.ts';
import { attack } from './attacks.ts';

const [seed = '0', target = '', ...outside] = process.argv.slice(2);
const random = randomOf(Number(seed), 0);
const ACTS_AT_A_TIME = 200;

let isOver = false;
process.stdin.resume().on('end', () => {
  isOver = true;
});

function round(): void {
  for (let act = 0; act < ACTS_AT_A_TIME; act++) attack({ target, outside }, random);
  if (isOver) process.exit(0);
  setImmediate(round);
}

process.stdout.write('begun\n', round);
