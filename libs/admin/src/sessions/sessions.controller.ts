import { Get, Query } from '@nestjs/common';
import type { SessionRow } from '@tenon/core';
import { Operator } from '@tenon/engine';
import { sessionAnswer } from '../answers';
import { AdminController, Documented } from '../http/documented';
import { pageAnswer, pageFields, readPage, type Page } from '../http/page';
import { ReadInput, type Read } from '../http/read-input';

/** Worker sessions: the processes that live, and those that ended within the last day. */
@AdminController('sessions')
export class SessionsController {
  constructor(private readonly operator: Operator) {}

  @Get()
  @Documented({
    role: 'viewer',
    summary: 'Living sessions, and those that ended within the last day, newest first',
    answer: pageAnswer(sessionAnswer),
    query: pageFields,
  })
  list(
    @Query(new ReadInput('query', pageFields)) query: Read<typeof pageFields>,
  ): Promise<Page<SessionRow>> {
    return readPage(query, (page) => this.operator.store.listSessions(page));
  }
}
