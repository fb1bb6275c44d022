import {
  Injectable,
  SetMetadata,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { refuseUnknown, type Shape } from './read-input';

const QUERY_FIELDS = Symbol('TENON_QUERY_FIELDS');

/** Names the fields that a handler's query may have. */
export const QueryFields = (fields: Shape) => SetMetadata(QUERY_FIELDS, fields);

/** Refuses a query with fields that the handler does not name, where it reads none of them as well. */
@Injectable()
export class KnownQueryInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { query } = context.switchToHttp().getRequest<{ readonly query: object }>();
    const fields = this.reflector.get<Shape | undefined>(QUERY_FIELDS, context.getHandler());
    refuseUnknown('query', query, fields ?? {});
    return next.handle();
  }
}
