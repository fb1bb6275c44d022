import { Get } from '@nestjs/common';
import type { OperatorKey } from '@tenon/core';
import { Operator } from '@tenon/engine';
import { keysAnswer } from '../answers';
import { AdminController, Documented } from '../http/documented';

/** Whose keys there are. They are made and revoked by command, where the service runs. */
@AdminController('keys')
export class KeysController {
  constructor(private readonly operator: Operator) {}

  @Get()
  @Documented({
    role: 'admin',
    summary: 'The names and roles of the keys that were made',
    answer: keysAnswer,
  })
  async list(): Promise<{ readonly items: readonly Omit<OperatorKey, 'id'>[] }> {
    const keys = await this.operator.store.listKeys();
    return {
      items: keys.map(({ name, role, createdAt, revokedAt }) => ({
        ...{ name, role, createdAt, revokedAt },
      })),
    };
  }
}
