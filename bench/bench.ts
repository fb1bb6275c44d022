// The benchmarks arrive with the engine; until then this shows that `npm run bench` runs.
process.stdout.write('no benchmark yet\n');
