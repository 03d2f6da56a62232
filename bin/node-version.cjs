// Ends at once, with a message and status 10, on a Node.js that is too old. In old JavaScript, which every version reads.
'use strict';

var required = [20, 19];
// A test gives another version.
var version = (require.main === module && process.argv[2]) || process.versions.node;
var parts = version.split('.');
var isOld =
  Number(parts[0]) < required[0] || (Number(parts[0]) === required[0] && Number(parts[1]) < required[1]);

if (isOld) {
  process.stderr.write(
    'error NODE_UNSUPPORTED: osprofiler-otel-bridge needs Node.js ' +
      required.join('.') +
      ' or newer, and this is ' +
      version +
      '\nhint: install a newer version (https://nodejs.org/en/download); `node --version` shows which one is used\n',
  );
  process.exit(10);
}
