// What did Mocha's tests do?
//
// Given as `--require` and as `--reporter`. Before any file is loaded it makes a
// file that cannot be loaded a broken module instead of the end of the run. As
// a reporter it prints what Mocha's own does and writes the report beside it.
'use strict';

const { write, relative, id, randomNumbers, shuffle } = require('./backstory_report.cjs');

const fromProject = (name) => require(require.resolve(name, { paths: [process.cwd()] }));
const mocha = fromProject('mocha');

const state = (globalThis[Symbol.for('backstory.mocha')] ??= { broken: [], runs: false });

/** Returns what loads the files, from release 7.1 on. */
function moduleLoader() {
  for (const name of ['mocha/lib/nodejs/esm-utils', 'mocha/lib/esm-utils']) {
    try {
      return fromProject(name);
    } catch {
      // Another release keeps it elsewhere.
    }
  }
  return undefined;
}

/** Has files that cannot be loaded reported instead of ending the run. */
function keepGoing() {
  if (state.patched) return;
  state.patched = true;
  const loader = moduleLoader();
  if (loader) {
    const load = loader.requireOrImport;
    loader.requireOrImport = async (file, ...rest) => {
      try {
        return await load(file, ...rest);
      } catch (error) {
        console.error(error);
        state.broken.push(relative(file));
        return {};
      }
    };
  }
  // Where the run never begins, nothing of what was asked for could be collected.
  process.on('exit', () => {
    if (state.runs) return;
    const asked = JSON.parse(process.env.BACKSTORY_FILES || '[]');
    for (const file of asked) write({ kind: 'broken', module: file });
  });
}
keepGoing();

const named = (test) => id(test.file || (test.parent && test.parent.file), test.titlePath());

function removeOthers(suite, files) {
  suite.tests = suite.tests.filter((test) => files.has(relative(test.file)));
  for (const inner of suite.suites) removeOthers(inner, files);
}

function shuffleAll(suite, random) {
  shuffle(suite.tests, random);
  shuffle(suite.suites, random);
  for (const inner of suite.suites) shuffleAll(inner, random);
}

/** Returns the tests a failing hook breaks: Mocha gives up on the rest of its suite. */
function testsOf(hook) {
  const current = hook.ctx && hook.ctx.currentTest;
  const each = / each" hook/.test(hook.title);
  const tests = [];
  hook.parent.eachTest((test) => {
    if (!each || test === current || (test.state === undefined && !test.pending)) tests.push(test);
  });
  return tests;
}

class BackstoryReporter extends mocha.reporters.Spec {
  constructor(runner, options) {
    const files = JSON.parse(process.env.BACKSTORY_FILES || '[]');
    if (files.length > 0) removeOthers(runner.suite, new Set(files.map(relative)));
    const seed = process.env.BACKSTORY_ORDER_SEED;
    if (seed) shuffleAll(runner.suite, randomNumbers(seed));
    super(runner, options);
    state.runs = true;
    // Which tests are selected is known only when the run starts.
    runner.on('start', () => this.collect(runner));
    this.listen(runner);
  }

  collect(runner) {
    for (const module of state.broken) write({ kind: 'broken', module });
    runner.suite.eachTest((test) => {
      const matches = runner._grep.test(test.fullTitle());
      if (matches !== Boolean(runner._invert)) write({ kind: 'collected', id: named(test) });
    });
  }

  listen(runner) {
    const result = (test, outcome) => write({ kind: 'result', id: named(test), outcome });
    runner.on('test', (test) => write({ kind: 'started', id: named(test) }));
    runner.on('pass', (test) => result(test, 'passed'));
    runner.on('pending', (test) => result(test, 'skipped'));
    runner.on('fail', (failed) => {
      if (failed.type === 'hook') {
        for (const test of testsOf(failed)) result(test, 'errored');
      } else if (failed.parent) {
        result(failed, 'failed');
      }
    });
    runner.on('end', () => {
      const failures = runner.failures + state.broken.length;
      write({ kind: 'finished', status: Math.min(failures, 255) });
    });
  }

  done(failures, end) {
    end(failures + state.broken.length);
  }
}

module.exports = BackstoryReporter;
