// How do the reporters write what tests did?
//
// One JSON object a line, as `crates/exec/src/report/lines.rs` has it. The file is
// opened before any test runs and written at once, so that a run that is ended
// keeps what it had.
'use strict';

const fs = require('fs');
const path = require('path');

const root = process.cwd();
const place = process.env.BACKSTORY_REPORT;
const descriptor = place ? fs.openSync(place, 'a') : undefined;

function write(line) {
  if (descriptor !== undefined) fs.writeSync(descriptor, JSON.stringify(line) + '\n');
}

/** Returns the path of a file from the root of the work tree. */
function relative(file) {
  const plain = String(file || '').replace(/^file:\/\//, '');
  return path.relative(root, path.resolve(root, plain));
}

/** Names a test by its file and the names of its suites and its own. */
function id(file, names) {
  return `${relative(file)}::${names.join(' ')}`;
}

/** Returns a function that gives numbers from 0 up to 1, the same for each seed. */
function randomNumbers(seed) {
  let state = Number(BigInt(seed) % 4294967296n);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function shuffle(list, random) {
  for (let last = list.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [list[last], list[other]] = [list[other], list[last]];
  }
}

module.exports = { write, relative, id, randomNumbers, shuffle };
