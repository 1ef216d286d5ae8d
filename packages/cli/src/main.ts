#!/usr/bin/env node
import { exitCodes, outcomeOf } from './exit.ts';
import { createOutput } from './output.ts';
import { createProgram } from './program.ts';

const output = createOutput({ json: process.argv.includes('--json') });

// A reader that has seen enough (`| head`) closes the pipe: that is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

// Node's own code for what nobody caught is 1, which means refused here.
process.on('uncaughtException', (error) => {
  output.failure(error);
  process.exit(exitCodes.fault);
});

try {
  await createProgram().parseAsync();
} catch (error) {
  output.failure(error);
  process.exitCode = exitCodes[outcomeOf(error)];
}
