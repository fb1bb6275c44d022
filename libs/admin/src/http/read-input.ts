import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import { NotFoundError } from '@tenon/core';
import { z } from 'zod';

export type Shape = Readonly<Record<string, z.ZodType>>;
export type Read<Fields extends Shape> = z.infer<z.ZodObject<Fields>>;

/** Reads a query or a body. Every field it may have stands in `fields`; any other is refused, and told which there are. */
export class ReadInput<Fields extends Shape> implements PipeTransform<unknown, Read<Fields>> {
  private readonly schema: z.ZodObject<Fields>;

  constructor(
    private readonly what: 'query' | 'body',
    private readonly fields: Fields,
  ) {
    this.schema = z.object(fields);
  }

  transform(value: unknown): Read<Fields> {
    // No body, or one of another media type, is an empty one: what it lacks is then told.
    const input = value ?? {};
    if (typeof input !== 'object' || Array.isArray(input))
      throw badInput(`The ${this.what} must be a JSON object.`);
    refuseUnknown(this.what, input, this.fields);
    const parsed = this.schema.safeParse(input);
    if (parsed.success) return parsed.data;
    const errors = parsed.error.issues.map((issue) => ({
      field: issue.path.map(String).join('.'),
      message: issue.message,
    }));
    throw badInput(errors.map(({ field, message }) => `${field}: ${message}`).join('; '), errors);
  }
}

/** @throws BadRequestException that names the fields there are, when `input` has another one */
export function refuseUnknown(what: 'query' | 'body', input: object, fields: Shape): void {
  // Own keys only, so that neither "__proto__" nor "constructor" is taken for a field.
  const unknown = Object.keys(input).filter((name) => !Object.hasOwn(fields, name));
  if (unknown.length === 0) return;
  const allowed = Object.keys(fields).join(', ') || 'none';
  throw badInput(
    `The ${what} has no field ${unknown.map(shown).join(', ')}. The fields are: ${allowed}.`,
    unknown.map((name) => ({ field: shown(name), message: `not one of ${allowed}` })),
  );
}

/** The largest id that a database gives. */
const ID_MAX = 2n ** 63n - 1n;

export function isId(text: string): boolean {
  return /^[1-9]\d{0,18}$/.test(text) && BigInt(text) <= ID_MAX;
}

/** The id of an operation in a path. What cannot be one names nothing. */
@Injectable()
export class OperationIdPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    if (!isId(id)) throw new NotFoundError(`There is no operation "${shown(id)}".`);
    return id;
  }
}

/** A 400 that says what is wrong with which fields. */
export function badInput(message: string, errors: readonly object[] = []): BadRequestException {
  return new BadRequestException({ code: 'TENON_INVALID_INPUT', message, errors });
}

function shown(text: string): string {
  const printable = text.replace(/\p{C}/gu, '?');
  return printable.length > 60 ? `${printable.slice(0, 60)}…` : printable;
}
