const { writeSync } = require('node:fs');

/**
 * Jest's last words: the name of every test that was skipped, and `N passed, N failed, N skipped` as the very last
 * line, which .ci/run reads. A file that could not even be loaded counts as one failure.
 */
class CountsReporter {
  onRunComplete(_contexts, results) {
    const skipped = results.testResults.flatMap((file) =>
      file.testResults
        .filter((test) => ['pending', 'skipped', 'todo', 'disabled'].includes(test.status))
        .map((test) => test.fullName),
    );
    const list = skipped.map((name) => `  ${name}\n`).join('');
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    // Jest adds its own summary after the reporters of the configuration. The end of the process is later still.
    process.once('exit', () => {
      if (skipped.length > 0) write(`\n${skipped.length} skipped:\n${list}`);
      write(`\n${results.numPassedTests} passed, ${failed} failed, ${skipped.length} skipped\n`);
    });
  }
}

/** To where Jest's own report goes, so that the order holds. */
function write(text) {
  writeSync(2, text);
}

module.exports = CountsReporter;
