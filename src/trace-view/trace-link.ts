/** The link to a trace in the backend, from `--ui-url`. */

/** @param template with `{traceId}`. */
export function linkTo(template: string, traceId: string): string {
  return template.replaceAll('{traceId}', traceId);
}
