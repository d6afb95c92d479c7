#!/usr/bin/env node
import { runMigrateCommand } from '../cli/migrate-command.ts';
import { runProgram } from '../cli/run-program.ts';
import { findMigrations } from '../ledger/find-migrations.ts';

await runProgram((argv, io, signal) =>
  runMigrateCommand(argv, { io, directory: findMigrations(import.meta.url), signal }),
);
