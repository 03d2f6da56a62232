/** How trace points are mapped to spans. The same notifications with the same options give the same bytes. */
export interface MappingOptions {
  /**
   * Template of `service.name` with `{project}` and `{service}`. Empty: the service if it equals or begins
   * with the project, else `project-service`. @default ''
   */
  readonly serviceName: string;
  /** `db.system.name` of SQL points: osprofiler does not say which engine it was. @default 'other_sql' */
  readonly dbSystem: string;
  /** HTTP methods that are known; others are `_OTHER`. @default those of RFC 9110 and 5789, and QUERY */
  readonly httpKnownMethods: readonly string[];
  /**
   * `on` replaces secrets by `***` wherever text leaves; `strict` besides leaves out function arguments, SQL
   * parameters and results altogether; `off` sends everything as it came. @default 'on'
   */
  readonly mask: 'on' | 'strict' | 'off';
  /** Sends SQL parameters as `db.query.parameter.<key>`, masked. @default false */
  readonly sqlParameters: boolean;
  /** Sends the results of functions and SQL that osprofiler records when told to, masked. @default false */
  readonly results: boolean;
  /** Characters (UTF-16 units) of an attribute's value before it is cut. @default 4096 */
  readonly attributeValueLengthLimit: number;
  /** Attributes of a span before further ones are dropped and counted. @default 128 */
  readonly attributeCountLimit: number;
  /** Put on every span's resource, over what the notification says. @default {} */
  readonly resourceAttributes: Readonly<Record<string, string>>;
  /** Roots are children of the trace's root span, which somebody makes. See `TraceFilter`. @default false */
  readonly rootSpan: boolean;
  /** Microseconds added to every time, so that a recording can be moved to now. @default 0 */
  readonly shiftMicros: number;
}

export const DEFAULT_MAPPING: MappingOptions = {
  serviceName: '',
  dbSystem: 'other_sql',
  httpKnownMethods: 'CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT QUERY TRACE'.split(' '),
  mask: 'on',
  sqlParameters: false,
  results: false,
  attributeValueLengthLimit: 4096,
  attributeCountLimit: 128,
  resourceAttributes: {},
  rootSpan: false,
  shiftMicros: 0,
};
