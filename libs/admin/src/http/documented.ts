import {
  applyDecorators,
  Controller,
  HttpCode,
  SetMetadata,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import {
  ApiBody,
  ApiExtension,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiResponse,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import type { OperatorRole } from '@tenon/core';
import { z } from 'zod';
import { ADMIN_KEY_HEADER, AdminGuard, NEEDED_ROLE } from '../keys/admin.guard';
import { KnownQueryInterceptor, QueryFields } from './known-query.interceptor';
import { openApiSchema } from './openapi-schema';
import { PROBLEM_MEDIA_TYPE, ProblemFilter } from './problem.filter';
import type { Shape } from './read-input';

/** Where the documentation of an endpoint names the role it needs. */
export const ROLE_EXTENSION = 'x-tenon-role';

/**
 * A controller under `/v1/admin`. The guard stands before its handlers and not before a path: whatever way a request finds
 * to one of them, it passes the guard.
 */
export function AdminController(path: string): ClassDecorator {
  return applyDecorators(
    Controller(`v1/admin/${path}`),
    UseGuards(AdminGuard),
    UseInterceptors(KnownQueryInterceptor),
    UseFilters(ProblemFilter),
    ApiTags('admin'),
    ApiSecurity(ADMIN_KEY_HEADER),
  );
}

interface Documentation {
  readonly role: OperatorRole;
  readonly summary: string;
  readonly answer: z.ZodType;
  readonly query?: Shape;
  readonly body?: Shape;
  /** The names of the parameters in its path. */
  readonly params?: readonly ('id' | 'type')[];
  /** What can go wrong besides what always can: what stands in ALWAYS. */
  readonly errors?: readonly (keyof typeof ERRORS)[];
}

const ERRORS = {
  400: 'A field is unknown or cannot be used. The answer names the fields that there are.',
  401: 'No living key was sent.',
  403: "The key's role does not suffice, or no key has been made yet.",
  404: 'There is nothing of that name or id.',
  409: 'The state does not allow it. The answer says why, and what would be allowed.',
  413: 'The body is too large.',
  500: 'A fault of the service. Its log says more.',
  503: 'The database does not answer. Try again after `Retry-After` seconds.',
} as const;
const ALWAYS = [400, 401, 403, 500, 503] as const;

/** What a handler needs and answers: the guard reads the role, and the documentation all of it. Its status is 200. */
export function Documented(documentation: Documentation): MethodDecorator {
  const { role, summary, answer, query = {}, body, params = [], errors = [] } = documentation;
  const withBody = body === undefined ? [] : ([413] as const);
  return applyDecorators(
    HttpCode(200),
    SetMetadata(NEEDED_ROLE, role),
    QueryFields(query),
    ApiExtension(ROLE_EXTENSION, role),
    ApiOperation({ summary, description: `Needs the role ${role}.` }),
    ...params.map((name) => ApiParam({ name, required: true, schema: { type: 'string' } })),
    ...Object.entries(query).map(([name, field]) =>
      ApiQuery({ name, required: !isOptional(field), schema: openApiSchema(field, 'input') }),
    ),
    ...(body === undefined ? [] : [documentedBody(body)]),
    ApiResponse({
      status: 200,
      description: 'As asked.',
      content: { 'application/json': { schema: openApiSchema(answer, 'output') } },
    }),
    ...[...ALWAYS, ...errors, ...withBody].map((status) =>
      ApiResponse({
        status,
        description: ERRORS[status],
        content: { [PROBLEM_MEDIA_TYPE]: { schema: openApiSchema(problemAnswer, 'output') } },
      }),
    ),
  );
}

/** What a problem looks like, for the documentation. */
export const problemAnswer = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What is wrong and what to do, for a person.'),
    code: z.string().describe('What is wrong, for a program. Never changes its meaning.'),
    instance: z.string().describe('The path that was asked for.'),
    errors: z
      .array(z.strictObject({ field: z.string(), message: z.string() }))
      .optional()
      .describe('The fields of bad input.'),
  })
  .describe('RFC 9457');

function documentedBody(fields: Shape): MethodDecorator {
  const isRequired = Object.values(fields).some((field) => !isOptional(field));
  const schema = openApiSchema(z.strictObject(fields), 'input');
  return ApiBody({ required: isRequired, schema });
}

function isOptional(field: z.ZodType): boolean {
  return field.safeParse(undefined).success;
}
