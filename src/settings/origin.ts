/** Where the value of a setting came from. */

/** Who gave a value. */
export interface Origin {
  readonly layer: keyof typeof RANK;
  /** As the user wrote it: `--mode`, `OSPROFILER_BRIDGE_MODE`, `bridge.yaml:3:9`; `default` for a default. */
  readonly name: string;
}

/** The higher one counts. */
export const RANK = { default: 0, file: 1, environment: 2, flag: 3 } as const;

/** The origin of each setting, by its key. */
export type OriginOf = (key: string) => Origin;
