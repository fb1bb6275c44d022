import { Body, Get, Param, Post } from '@nestjs/common';
import type { TypeBacklog, TypePause } from '@tenon/core';
import { Operator, type Actor } from '@tenon/engine';
import { typePauseAnswer, typesAnswer } from '../answers';
import { AdminController, Documented } from '../http/documented';
import { ReadInput, type Read } from '../http/read-input';
import { By } from '../keys/admin.guard';
import { reasonField } from '../sagas/order-fields';

const reasonFields = { reason: reasonField } as const;
const readReason = new ReadInput('body', reasonFields);
type ReasonBody = Read<typeof reasonFields>;

interface TypePauseAnswer {
  readonly type: string;
  readonly isPaused: boolean;
  readonly changed: boolean;
}

/** Types of operations: what waits of each, and pauses. */
@AdminController('types')
export class TypesController {
  constructor(private readonly operator: Operator) {}

  @Get()
  @Documented({
    role: 'viewer',
    summary: 'What waits and lives of each type, and which types are paused',
    answer: typesAnswer,
  })
  async list(): Promise<object> {
    const { store } = this.operator;
    const [backlog, pauses] = await Promise.all([store.backlog(), store.pausedTypes()]);
    return { items: together(backlog, pauses) };
  }

  @Post(':type/pause')
  @Documented({
    role: 'operator',
    summary: 'Take in and adopt nothing more of a type; what is being run goes on',
    answer: typePauseAnswer,
    body: reasonFields,
    params: ['type'],
  })
  async pause(
    @Param('type') type: string,
    @Body(readReason) { reason }: ReasonBody,
    @By() by: Actor,
  ): Promise<TypePauseAnswer> {
    return { type, isPaused: true, changed: await this.operator.pauseType(type, reason, by) };
  }

  @Post(':type/resume')
  @Documented({
    role: 'operator',
    summary: 'Go on with a type that was paused',
    answer: typePauseAnswer,
    body: reasonFields,
    params: ['type'],
  })
  async resume(
    @Param('type') type: string,
    @Body(readReason) { reason }: ReasonBody,
    @By() by: Actor,
  ): Promise<TypePauseAnswer> {
    return { type, isPaused: false, changed: await this.operator.resumeType(type, reason, by) };
  }
}

/** A paused type is listed even while nothing of it waits. */
function together(
  backlog: readonly TypeBacklog[],
  pauses: readonly TypePause[],
): readonly object[] {
  const pauseOf = new Map(pauses.map((pause) => [pause.type, pause]));
  const known = new Set(backlog.map(({ type }) => type));
  const idle = pauses
    .filter(({ type }) => !known.has(type))
    .map(({ type }): TypeBacklog => ({ type, pending: 0, oldestPendingMs: 0, live: {}, dead: 0 }));
  return [...backlog, ...idle]
    .map((each) => ({ ...each, pause: pauseOf.get(each.type) ?? null }))
    .sort((a, b) => (a.type < b.type ? -1 : 1));
}
