/** This package's name and version, as they stand in package.json (a test holds them equal). */
export const PACKAGE_NAME = 'osprofiler-otel-bridge';
export const PACKAGE_VERSION = '0.1.0';
