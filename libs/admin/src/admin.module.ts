import { Module, type DynamicModule } from '@nestjs/common';
import { AuditController } from './audit/audit.controller';
import { ProblemFilter } from './http/problem.filter';
import { AdminGuard } from './keys/admin.guard';
import { KeyRing } from './keys/key-ring';
import { KeysController } from './keys/keys.controller';
import { DeadLettersController } from './op-log/dead-letters.controller';
import { OpLogController } from './op-log/op-log.controller';
import { ADMIN_OPTIONS, resolveAdminOptions, type AdminOptions } from './options';
import { RepairController } from './repair/repair.controller';
import { SagaView } from './sagas/saga-view';
import { SagasController } from './sagas/sagas.controller';
import { SessionsController } from './sessions/sessions.controller';
import { TypesController } from './types/types.controller';

/**
 * The admin API under `/v1/admin`, for the Tenon of the application. Closed until a key is made.
 *
 * @example
 * imports: [TenonModule.forRoot({ … }), ProblemModule, AdminModule.forRoot({ secretTypes: ['payroll'] })]
 */
@Module({})
export class AdminModule {
  static forRoot(options: AdminOptions = {}): DynamicModule {
    return {
      module: AdminModule,
      controllers: [
        SagasController,
        OpLogController,
        DeadLettersController,
        TypesController,
        RepairController,
        SessionsController,
        AuditController,
        KeysController,
      ],
      providers: [
        { provide: ADMIN_OPTIONS, useValue: resolveAdminOptions(options) },
        KeyRing,
        AdminGuard,
        ProblemFilter,
        SagaView,
      ],
    };
  }
}
