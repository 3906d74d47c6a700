// What did Vitest's tests do?
//
// Up to version 2 tasks are told of in batches, from 4 on each test is, and
// version 3 does both: what is known of a task is not written again.
import { createRequire } from 'node:module';

const { write, relative, id } = createRequire(import.meta.url)('./backstory_report.cjs');

const OUTCOMES = { pass: 'passed', fail: 'failed', passed: 'passed', failed: 'failed' };

/** Returns a task of either interface: file, names, mode and state. */
function taskNames(task) {
  const names = [];
  for (let at = task; at && at.type !== 'module' && at.filepath === undefined; at = at.parent ?? at.suite) {
    if (at.name) names.unshift(at.name);
  }
  return names;
}

const taskFile = (task) => task.module?.moduleId ?? task.file?.filepath ?? task.filepath;
const taskId = (task) => id(taskFile(task), taskNames(task));

function testsBelow(task) {
  if (task.type === 'test' || task.type === 'custom') return [task];
  return (task.tasks ?? []).flatMap(testsBelow);
}

export default class BackstoryReporter {
  collected = new Set();
  begun = new Set();
  ended = new Set();
  failed = false;

  onInit(context) {
    this.state = context.state;
    const pattern = context.config?.testNamePattern;
    this.selected = pattern ? new RegExp(pattern) : undefined;
  }

  collect(tests) {
    for (const test of tests) {
      if (this.collected.has(test.id) || !this.isSelected(test)) continue;
      this.collected.add(test.id);
      write({ kind: 'collected', id: taskId(test) });
    }
  }

  isSelected(test) {
    const name = taskNames(test).join(' ');
    return !this.selected || this.selected.test(name) || this.selected.test(` ${name}`);
  }

  start(test) {
    if (!this.isSelected(test) || this.begun.has(test.id)) return;
    this.begun.add(test.id);
    write({ kind: 'started', id: taskId(test) });
  }

  end(test, outcome) {
    if (!this.isSelected(test) || this.ended.has(test.id)) return;
    this.ended.add(test.id);
    this.collect([test]);
    if (outcome === 'failed') this.failed = true;
    write({ kind: 'result', id: taskId(test), outcome });
  }

  broken(file) {
    this.failed = true;
    write({ kind: 'broken', module: relative(file) });
  }

  finish(errors) {
    this.finished = true;
    const failed = this.failed || (errors ?? []).length > 0;
    write({ kind: 'finished', status: failed ? 1 : 0 });
  }

  onTestModuleCollected(module) {
    this.collect([...module.children.allTests()]);
  }

  onTestCaseReady(test) {
    this.start(test);
  }

  onTestCaseResult(test) {
    this.end(test, OUTCOMES[test.result().state] ?? 'skipped');
  }

  onTestRunEnd(modules, errors) {
    if (this.finished) return;
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        if (!this.ended.has(test.id)) this.end(test, 'skipped');
      }
      for (const suite of module.children.allSuites()) {
        if (suite.errors().length > 0) {
          this.failed = true;
          for (const test of suite.children.allTests()) {
            write({ kind: 'result', id: taskId(test), outcome: 'errored' });
          }
        }
      }
      if (module.errors().length > 0) this.broken(module.moduleId);
    }
    this.finish(errors);
  }

  onCollected(files) {
    this.collect((files ?? []).flatMap(testsBelow));
  }

  onTaskUpdate(packs) {
    for (const [task, result] of packs) {
      const test = this.state.idMap.get(task);
      if (!test || (test.type !== 'test' && test.type !== 'custom')) continue;
      if (test.mode === 'run') this.start(test);
      const outcome = OUTCOMES[result?.state];
      if (outcome) this.end(test, outcome);
    }
  }

  onFinished(files, errors) {
    if (this.finished) return;
    for (const file of files ?? []) {
      const tests = testsBelow(file);
      for (const test of tests) this.end(test, OUTCOMES[test.result?.state] ?? 'skipped');
      if (file.result?.state === 'fail' && tests.length === 0) this.broken(file.filepath);
      if (file.result?.state === 'fail') this.failed = true;
    }
    this.finish(errors);
  }
}
