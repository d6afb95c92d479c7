import { DELETIONS } from './crash-scripts.ts';
import { sweep } from './crash-sweep.ts';

// With fewer none would get past the calls that have to be made again first: snapshot, intent and outcome.
sweep(DELETIONS, [4, 5, 8]);
