/** Name and version as they stand in package.json (a test holds them equal). */

/** This package's name: the name of the spans' instrumentation scope. */
export const PACKAGE_NAME = 'osprofiler-otel-bridge';
/** This package's version: the version of the spans' instrumentation scope. */
export const PACKAGE_VERSION = '0.1.0';
