import { Get, Query } from '@nestjs/common';
import type { AuditRow } from '@tenon/core';
import { Operator } from '@tenon/engine';
import { auditAnswer } from '../answers';
import { AdminController, Documented } from '../http/documented';
import { pageAnswer, pageFields, readPage, type Page } from '../http/page';
import { ReadInput, type Read } from '../http/read-input';

/** Who did what, and why. */
@AdminController('audit')
export class AuditController {
  constructor(private readonly operator: Operator) {}

  @Get()
  @Documented({
    role: 'admin',
    summary: 'The audit log, newest first',
    answer: pageAnswer(auditAnswer),
    query: pageFields,
  })
  list(
    @Query(new ReadInput('query', pageFields)) query: Read<typeof pageFields>,
  ): Promise<Page<AuditRow>> {
    return readPage(query, (page) => this.operator.store.listAudit(page));
  }
}
