/** Bridges as programs assemble them. */
import { Bridge, type BridgeOptions } from '../../src/bridge.js';
import { accelerate } from '../../src/fast/accelerate.js';
import { SpecPipeline } from '../../src/pipeline.js';
import type { TranslatorOptions } from '../../src/translator.js';

export interface TestBridgeOptions extends Omit<BridgeOptions, 'pipeline' | 'assemble'> {
  readonly translate?: TranslatorOptions;
  readonly maxMessageBytes?: number;
}

export function makeBridge({ translate = {}, maxMessageBytes, ...options }: TestBridgeOptions): Bridge {
  const { encoding } = options.sink;
  const spec = new SpecPipeline({ mapping: translate, maxMessageBytes, encoding });
  return new Bridge({ ...options, pipeline: accelerate(spec), assemble: translate });
}
