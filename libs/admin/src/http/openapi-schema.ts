import type { ApiBodyOptions } from '@nestjs/swagger';
import { z } from 'zod';

export type OpenApiSchema = Extract<ApiBodyOptions, { schema: unknown }>['schema'];

/** A schema of zod as OpenAPI 3.0 writes it: as it comes in (`input`) or as it is answered (`output`). */
export function openApiSchema(schema: z.ZodType, io: 'input' | 'output'): OpenApiSchema {
  const written = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // What zod knows by heart and no reader wants to read.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return written as OpenApiSchema;
}
