import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { SAGA_STATES, type SagaFilter, type SagaSummary, type Verb } from '@tenon/core';
import { Operator, type Actor, type Explanation, type OrderAnswer } from '@tenon/engine';
import { explanationAnswer, orderAnswer, sagaAnswer, sagaSummary } from '../answers';
import { AdminController, Documented } from '../http/documented';
import { instant, keyField, oneOrMore, typesField } from '../http/fields';
import { given } from '../http/given';
import { pageAnswer, pageFields, readPage, type Page } from '../http/page';
import { badInput, OperationIdPipe, ReadInput, type Read } from '../http/read-input';
import { By } from '../keys/admin.guard';
import { markDoneFields, orderFields } from './order-fields';
import { SagaView } from './saga-view';

const listFields = {
  state: oneOrMore(SAGA_STATES, 'Only sagas in this state.'),
  status: oneOrMore(SAGA_STATES, 'The same as `state`.'),
  type: typesField,
  key: keyField,
  createdFrom: instant('Only sagas that were created then or later.'),
  createdTo: instant('Only sagas that were created before.'),
  ...pageFields,
} as const;

/** What every verb needs and answers. */
function verb(summary: string, body: typeof orderFields | typeof markDoneFields = orderFields) {
  return Documented({
    ...{ role: 'operator', summary, answer: orderAnswer, body },
    params: ['id'],
    errors: [404, 409],
  });
}
const readOrder = new ReadInput('body', orderFields);
type OrderBody = Read<typeof orderFields>;

/** Sagas: the list, one in full, why it is where it is, and what can be done about it. */
@AdminController('sagas')
export class SagasController {
  constructor(
    private readonly operator: Operator,
    private readonly view: SagaView,
  ) {}

  @Get()
  @Documented({
    role: 'viewer',
    summary: 'Sagas, newest first',
    answer: pageAnswer(sagaSummary),
    query: listFields,
  })
  list(
    @Query(new ReadInput('query', listFields)) query: Read<typeof listFields>,
  ): Promise<Page<SagaSummary>> {
    return readPage(query, (page) => this.operator.store.listSagas(filterOf(query), page));
  }

  @Get(':id')
  @Documented({
    role: 'viewer',
    summary: 'One operation in full: its marker, its saga, transitions, fences, holder and job',
    answer: sagaAnswer,
    params: ['id'],
    errors: [404],
  })
  async show(@Param('id', OperationIdPipe) id: string): Promise<object> {
    return this.view.of(await this.operator.show(id));
  }

  @Get(':id/explain')
  @Documented({
    role: 'viewer',
    summary: 'Why an operation is where it is, and what to do',
    answer: explanationAnswer,
    params: ['id'],
    errors: [404],
  })
  explain(@Param('id', OperationIdPipe) id: string): Promise<Explanation> {
    return this.operator.explain(id);
  }

  @Post(':id/retry')
  @verb('Call the handler that is owed again, now; from a pause with all its attempts')
  retry(
    @Param('id', OperationIdPipe) id: string,
    @Body(readOrder) body: OrderBody,
    @By() by: Actor,
  ): Promise<OrderAnswer> {
    return this.order(id, 'retry', body, by);
  }

  @Post(':id/resume')
  @verb('Go on after a pause')
  resume(
    @Param('id', OperationIdPipe) id: string,
    @Body(readOrder) body: OrderBody,
    @By() by: Actor,
  ): Promise<OrderAnswer> {
    return this.order(id, 'resume', body, by);
  }

  @Post(':id/skip')
  @verb('Go on as if the call that is owed were not needed')
  skip(
    @Param('id', OperationIdPipe) id: string,
    @Body(readOrder) body: OrderBody,
    @By() by: Actor,
  ): Promise<OrderAnswer> {
    return this.order(id, 'skip', body, by);
  }

  @Post(':id/mark-done')
  @verb('Go on as if the call that is owed had succeeded: a person has done it', markDoneFields)
  markDone(
    @Param('id', OperationIdPipe) id: string,
    @Body(new ReadInput('body', markDoneFields)) body: Read<typeof markDoneFields>,
    @By() by: Actor,
  ): Promise<OrderAnswer> {
    return this.order(id, 'mark-done', body, by);
  }

  @Post(':id/cancel')
  @verb('Turn back, and undo what was done')
  cancel(
    @Param('id', OperationIdPipe) id: string,
    @Body(readOrder) body: OrderBody,
    @By() by: Actor,
  ): Promise<OrderAnswer> {
    return this.order(id, 'cancel', body, by);
  }

  @Post(':id/kill')
  @verb('End it where it stands, undoing nothing')
  kill(
    @Param('id', OperationIdPipe) id: string,
    @Body(readOrder) body: OrderBody,
    @By() by: Actor,
  ): Promise<OrderAnswer> {
    return this.order(id, 'kill', body, by);
  }

  private order(
    id: string,
    name: Verb,
    body: OrderBody | Read<typeof markDoneFields>,
    by: Actor,
  ): Promise<OrderAnswer> {
    return this.operator.order(id, { verb: name, ...given(body) }, by);
  }
}

function filterOf(query: Read<typeof listFields>): SagaFilter {
  const { state, status, type, key, createdFrom, createdTo } = query;
  if (state !== undefined && status !== undefined)
    throw badInput('Give state or status, not both: they are the same.');
  return given({ states: state ?? status, types: type, key, createdFrom, createdTo });
}
