import { Body, Get, Param, Post, Query } from '@nestjs/common';
import type { MarkerFilter, MarkerSummary } from '@tenon/core';
import { Operator, type Actor, type OrderAnswer } from '@tenon/engine';
import { markerSummary, orderAnswer } from '../answers';
import { AdminController, Documented } from '../http/documented';
import { keyField, typesField } from '../http/fields';
import { given } from '../http/given';
import { pageAnswer, pageFields, readPage, type Page } from '../http/page';
import { OperationIdPipe, ReadInput, type Read } from '../http/read-input';
import { By } from '../keys/admin.guard';
import { reasonField } from '../sagas/order-fields';

const listFields = { type: typesField, key: keyField, ...pageFields } as const;
const reasonFields = { reason: reasonField } as const;
const readReason = new ReadInput('body', reasonFields);
type ReasonBody = Read<typeof reasonFields>;

/** Dead markers: they could not be taken in or run, and wait for a person. */
@AdminController('dead-letters')
export class DeadLettersController {
  constructor(private readonly operator: Operator) {}

  @Get()
  @Documented({
    role: 'viewer',
    summary: 'Dead markers, newest first',
    answer: pageAnswer(markerSummary),
    query: listFields,
  })
  list(
    @Query(new ReadInput('query', listFields)) query: Read<typeof listFields>,
  ): Promise<Page<MarkerSummary>> {
    const { type, key } = query;
    const filter: MarkerFilter = { statuses: ['dead'], ...given({ types: type, key }) };
    return readPage(query, (page) => this.operator.store.listMarkers(filter, page));
  }

  @Post(':id/redrive')
  @Documented({
    role: 'operator',
    summary: 'Carry a dead marker out after all',
    answer: orderAnswer,
    body: reasonFields,
    params: ['id'],
    errors: [404, 409],
  })
  redrive(
    @Param('id', OperationIdPipe) id: string,
    @Body(readReason) { reason }: ReasonBody,
    @By() by: Actor,
  ): Promise<OrderAnswer> {
    return this.operator.redrive(id, reason, by);
  }

  @Post(':id/discard')
  @Documented({
    role: 'operator',
    summary: 'Give a dead marker up',
    answer: orderAnswer,
    body: reasonFields,
    params: ['id'],
    errors: [404, 409],
  })
  discard(
    @Param('id', OperationIdPipe) id: string,
    @Body(readReason) { reason }: ReasonBody,
    @By() by: Actor,
  ): Promise<OrderAnswer> {
    return this.operator.discard(id, reason, by);
  }
}
