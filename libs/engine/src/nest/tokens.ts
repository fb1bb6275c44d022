/** The engine's options, as `forRoot` or the factory of `forRootAsync` gave them. */
export const TENON_ENGINE_OPTIONS = Symbol('TENON_ENGINE_OPTIONS');

/** What one `forFeature` declared. */
export const TENON_FEATURE = Symbol('TENON_FEATURE');
