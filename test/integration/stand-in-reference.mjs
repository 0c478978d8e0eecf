// Stands in for the reference client: the options of C3R's, the settings from the address in the environment.
import process from 'node:process';

if (process.argv[2] === 'encrypt') process.argv.push('--from-clean-rooms');
await import(new URL('../../dist/bin/sealroom.js', import.meta.url).href);
