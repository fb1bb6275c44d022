import { Logger } from '@nestjs/common';
import type { EngineLogger } from '../logger';

/** Nest's logger, under the name Tenon. */
export function nestLogger(): EngineLogger {
  return new Logger('Tenon');
}
