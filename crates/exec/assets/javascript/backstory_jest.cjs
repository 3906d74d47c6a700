// What did Jest's tests do?
'use strict';

const { write, relative } = require('./backstory_report.cjs');

const OUTCOMES = { passed: 'passed', failed: 'failed', pending: 'skipped', todo: 'skipped', disabled: 'skipped' };

class BackstoryReporter {
  constructor(globalConfig) {
    const pattern = globalConfig.testNamePattern;
    this.selected = pattern ? new RegExp(pattern, 'i') : undefined;
    this.failed = false;
  }

  onTestCaseStart(test, testCase) {
    const names = [...(testCase.ancestorTitles || []), testCase.title];
    write({ kind: 'started', id: `${relative(test.path)}::${names.join(' ')}` });
  }

  /** Written at once for the case that the run is ended before its file is done. */
  onTestCaseResult(test, testCase) {
    const outcome = OUTCOMES[testCase.status] || 'errored';
    const id = `${relative(test.path)}::${testCase.fullName}`;
    if (outcome !== 'skipped') write({ kind: 'result', id, outcome });
  }

  onTestResult(test, fileResult) {
    const file = relative(test.path);
    if (fileResult.testExecError) {
      this.failed = true;
      write({ kind: 'broken', module: file });
    }
    for (const testCase of fileResult.testResults) {
      // Tests that the pattern leaves out are told from those the project leaves out.
      const outcome = OUTCOMES[testCase.status] || 'errored';
      if (outcome === 'skipped' && this.selected && !this.selected.test(testCase.fullName)) continue;
      const id = `${file}::${testCase.fullName}`;
      if (outcome === 'failed') this.failed = true;
      write({ kind: 'collected', id });
      write({ kind: 'result', id, outcome });
    }
  }

  onRunComplete(contexts, results) {
    const failed =
      this.failed ||
      results.numFailedTests > 0 ||
      results.numRuntimeErrorTestSuites > 0 ||
      Boolean(results.snapshot && results.snapshot.failure);
    write({ kind: 'finished', status: failed ? 1 : 0 });
  }
}

module.exports = BackstoryReporter;
