// What did the tests of Node's own runner do?
import { createRequire } from 'node:module';

const { write, relative, id } = createRequire(import.meta.url)('./backstory_report.cjs');

const outcomeOf = (type, event) => {
  if (event.skip !== undefined) return 'skipped';
  if (type === 'test:pass') return event.todo !== undefined ? 'skipped' : 'passed';
  if (event.todo !== undefined) return 'x_failed';
  const kind = event.details?.error?.failureType;
  return kind === 'hookFailed' || kind === 'cancelledByParent' ? 'errored' : 'failed';
};

/** What the runner says of tests that were not selected. */
const LEFT_OUT = 'test name does not match pattern';

/** Follows the events of a run; suites are told from tests by what begins below them. */
class Report {
  names = [];
  suites = new Set();
  filesWithTests = new Set();
  failed = false;

  /** Suites are set apart, because older releases select by the last name alone. */
  nameOf(event, depth) {
    return id(event.file, [this.names.slice(0, depth).join(' > ')]);
  }

  named(event) {
    this.names.length = event.nesting;
    this.names[event.nesting] = event.name;
    return this.nameOf(event, event.nesting + 1);
  }

  /** The runner makes a file itself a test, where it breaks or holds none. */
  isFile(event) {
    return event.nesting === 0 && relative(event.name) === relative(event.file ?? event.name);
  }

  started(event) {
    if (this.isFile(event)) return;
    if (event.nesting > 0) {
      const suite = this.nameOf(event, event.nesting);
      if (!this.suites.has(suite)) write({ kind: 'suite', id: suite });
      this.suites.add(suite);
    }
    write({ kind: 'started', id: this.named(event) });
  }

  ended(type, event) {
    const file = relative(event.file ?? event.name);
    const outcome = outcomeOf(type, event);
    if (type === 'test:fail' && event.todo === undefined && event.skip === undefined) this.failed = true;
    if (this.isFile(event)) {
      if (type === 'test:fail' && !this.filesWithTests.has(file)) write({ kind: 'broken', module: file });
      return;
    }
    const name = this.named(event);
    if (event.details?.type === 'suite' || event.skip === LEFT_OUT) {
      write({ kind: 'suite', id: name });
      return;
    }
    this.filesWithTests.add(file);
    write({ kind: 'collected', id: name });
    write({ kind: 'result', id: name, outcome });
  }
}

export default async function* backstoryReporter(events) {
  const report = new Report();
  for await (const { type, data } of events) {
    if (type === 'test:start') report.started(data);
    if (type === 'test:pass' || type === 'test:fail') report.ended(type, data);
  }
  write({ kind: 'finished', status: report.failed ? 1 : 0 });
  yield '';
}
