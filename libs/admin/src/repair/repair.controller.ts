import { Body, Get, Post, Query } from '@nestjs/common';
import type { RepairRunRow } from '@tenon/core';
import { Engine, Operator, type Actor, type RepairRun } from '@tenon/engine';
import { repairNowAnswer, repairRunAnswer } from '../answers';
import { AdminController, Documented } from '../http/documented';
import { text } from '../http/fields';
import { given } from '../http/given';
import { pageAnswer, pageFields, readPage, type Page } from '../http/page';
import { ReadInput, type Read } from '../http/read-input';
import { By } from '../keys/admin.guard';
import { reasonField } from '../sagas/order-fields';

const ruleFields = {
  rule: text(64).optional().describe('Only the rule of this name.'),
} as const;
const reasonFields = { reason: reasonField.optional() } as const;

/** What repair has found and mended, and a run at once. */
@AdminController('repair')
export class RepairController {
  constructor(
    private readonly operator: Operator,
    private readonly engine: Engine,
  ) {}

  @Get('runs')
  @Documented({
    role: 'viewer',
    summary: 'Runs of repair rules, newest first',
    answer: pageAnswer(repairRunAnswer),
    query: pageFields,
  })
  runs(
    @Query(new ReadInput('query', pageFields)) query: Read<typeof pageFields>,
  ): Promise<Page<RepairRunRow>> {
    return readPage(query, (page) => this.operator.store.listRepairRuns(page));
  }

  @Post('run')
  @Documented({
    role: 'admin',
    summary: 'Run every repair rule once, now, or the one that is named',
    answer: repairNowAnswer,
    query: ruleFields,
    body: reasonFields,
    errors: [404],
  })
  async run(
    @Query(new ReadInput('query', ruleFields)) { rule }: Read<typeof ruleFields>,
    @Body(new ReadInput('body', reasonFields)) { reason }: Read<typeof reasonFields>,
    @By() by: Actor,
  ): Promise<{ readonly runs: readonly RepairRun[] }> {
    return { runs: await this.engine.repairNow(given({ rule, reason }), by) };
  }
}
