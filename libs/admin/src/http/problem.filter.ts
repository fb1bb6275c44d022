import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Engine } from '@tenon/engine';
import { problemOf } from './problem';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';
/** What a 503 says in `Retry-After`, in seconds. */
const RETRY_AFTER_S = 1;
const INSTANCE_LENGTH_MAX = 500;

/** Answers every error as a problem (RFC 9457). What is nobody's fault but ours is written to the log, in full. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Tenon');

  constructor(
    private readonly http: HttpAdapterHost,
    private readonly engine: Engine,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const { httpAdapter } = this.http;
    const [request, response] = host.getArgs<[unknown, unknown]>();
    const problem = problemOf(error, this.engine.classify(error));
    if (problem.status === 500)
      this.logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    if (httpAdapter.isHeadersSent(response)) {
      httpAdapter.end(response);
      return;
    }
    httpAdapter.setHeader(response, 'Content-Type', PROBLEM_MEDIA_TYPE);
    if (problem.status === 503)
      httpAdapter.setHeader(response, 'Retry-After', String(RETRY_AFTER_S));
    const url = String(httpAdapter.getRequestUrl(request)).split('?')[0] ?? '';
    const instance = url.slice(0, INSTANCE_LENGTH_MAX);
    httpAdapter.reply(response, { ...problem, instance }, problem.status);
  }
}
