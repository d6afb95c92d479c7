import { LIVES } from './crash-scripts.ts';
import { sweep } from './crash-sweep.ts';

sweep(LIVES, [3, 4, 5, 8]);
