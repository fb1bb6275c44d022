import { Get, Query } from '@nestjs/common';
import { MARKER_STATUSES, type MarkerFilter, type MarkerSummary } from '@tenon/core';
import { Operator } from '@tenon/engine';
import { markerSummary } from '../answers';
import { AdminController, Documented } from '../http/documented';
import { keyField, oneOrMore, typesField } from '../http/fields';
import { given } from '../http/given';
import { pageAnswer, pageFields, readPage, type Page } from '../http/page';
import { ReadInput, type Read } from '../http/read-input';

const listFields = {
  status: oneOrMore(MARKER_STATUSES, 'Only markers in this status.'),
  type: typesField,
  key: keyField,
  ...pageFields,
} as const;

/** Markers: what was appended, whatever has become of it. */
@AdminController('op-log')
export class OpLogController {
  constructor(private readonly operator: Operator) {}

  @Get()
  @Documented({
    role: 'viewer',
    summary: 'Markers of op_log, newest first',
    answer: pageAnswer(markerSummary),
    query: listFields,
  })
  list(
    @Query(new ReadInput('query', listFields)) query: Read<typeof listFields>,
  ): Promise<Page<MarkerSummary>> {
    const { status, type, key } = query;
    const filter: MarkerFilter = given({ statuses: status, types: type, key });
    return readPage(query, (page) => this.operator.store.listMarkers(filter, page));
  }
}
