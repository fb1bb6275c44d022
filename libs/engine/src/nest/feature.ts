import type { SagaDefinition } from '@tenon/core';

/** What one `forFeature` declared. */
export const TENON_FEATURE = Symbol('TENON_FEATURE');

/** The sagas of one feature module. */
export interface TenonFeature {
  /** Their handlers are providers of the importing module. */
  readonly sagas: readonly SagaDefinition[];
}
