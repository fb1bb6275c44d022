import { Inject, Injectable } from '@nestjs/common';
import type { OperationDetails, RecordedTransition } from '@tenon/core';
import { ADMIN_OPTIONS, MASKED, type ResolvedAdminOptions } from '../options';

/** One operation, as operators see it. */
@Injectable()
export class SagaView {
  constructor(@Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions) {}

  of(details: OperationDetails) {
    const { id, marker, saga, history, fences, holder, behind, pause } = details;
    return {
      id,
      marker: { ...marker, payload: this.payloadOf(details) },
      saga: saga === null ? null : withoutQueue(saga),
      transitions: history.map((row) => this.transition(row, marker.type)),
      fences,
      holder,
      jobs: { isQueued: saga?.isQueued ?? false },
      behind,
      pause,
    };
  }

  private payloadOf({ id, marker: { type, key, payload } }: OperationDetails): unknown {
    return this.isSecret(type) ? MASKED : this.options.showPayload({ id, type, key, payload });
  }

  private transition(row: RecordedTransition, type: string) {
    const result = row.result !== null && this.isSecret(type) ? MASKED : row.result;
    return { ...row, result, verb: row.verb ?? null };
  }

  private isSecret(type: string): boolean {
    return this.options.secretTypes.has(type);
  }
}

/** Whether it is queued is told with its jobs. */
function withoutQueue(saga: NonNullable<OperationDetails['saga']>) {
  return { ...saga, isQueued: undefined };
}
