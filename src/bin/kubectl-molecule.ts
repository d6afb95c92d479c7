#!/usr/bin/env node
import { runMolecule } from '../cli/molecule.ts';
import { openCluster } from '../cli/open-cluster.ts';
import { runProgram } from '../cli/run-program.ts';

await runProgram((argv, io, signal) =>
  runMolecule(argv, { io, connect: openCluster, now: () => new Date(), programURL: import.meta.url, signal }),
);
