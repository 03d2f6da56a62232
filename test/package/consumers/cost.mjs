// What importing the library costs a process that has loaded nothing else.
const before = process.memoryUsage();
const begun = performance.now();
await import('osprofiler-otel-bridge');
const ms = performance.now() - begun;
const after = process.memoryUsage();
const mib = (key) => ((after[key] - before[key]) / 2 ** 20).toFixed(1);
// Standard output and the loader's own files are nobody's.
const handles = process.getActiveResourcesInfo().filter((name) => !/^(?:Pipe|TTY|Close|FS)/.test(name));
console.log(JSON.stringify({ ms: ms.toFixed(0), rssMiB: mib('rss'), heapMiB: mib('heapUsed'), handles }));
