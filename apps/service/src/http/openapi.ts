import { STATUS_CODES } from 'node:http';
import { applyDecorators, type INestApplication } from '@nestjs/common';
import { ApiResponse, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { PROBLEM_TYPE } from './problem';

const PROBLEM_SCHEMA = {
  type: 'object' as const,
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string' as const },
    title: { type: 'string' as const },
    status: { type: 'integer' as const },
    detail: { type: 'string' as const },
    code: { type: 'string' as const },
    errors: { type: 'array' as const, items: { type: 'string' as const } },
  },
};

/** Documents the problems (RFC 9457) that a route may answer with. */
export function ApiProblems(...statuses: readonly number[]): MethodDecorator {
  const content = { [PROBLEM_TYPE]: { schema: PROBLEM_SCHEMA } };
  return applyDecorators(
    ...statuses.map((status) =>
      ApiResponse({ status, description: STATUS_CODES[status] ?? '', content }),
    ),
  );
}

/** The OpenAPI document at /docs-json, and a page to try it out at /docs. */
export function serveDocs(app: INestApplication): void {
  const config = new DocumentBuilder()
    .setTitle('Tenon')
    .setDescription('Payment orders as durable sagas. Every error is a problem of RFC 9457.')
    .setVersion('1')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'x-api-key' }, 'x-api-key')
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, config), {
    jsonDocumentUrl: 'docs-json',
  });
}
