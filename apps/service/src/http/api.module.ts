import { AdminModule } from '@tenon/admin';
import { Module, type CanActivate, type DynamicModule, type Type } from '@nestjs/common';
import { AccountsController } from '../accounts/accounts.controller';
import { ImportAccounts } from '../accounts/import-accounts';
import { BanksController } from '../banks/banks.controller';
import { API_GUARD, ApiGuard } from './api-guard';
import { ImportOrders } from '../transfers/import-orders';
import { Reports } from '../transfers/reports';
import { TransferEnds } from '../transfers/transfer-ends';
import { TransfersController } from '../transfers/transfers.controller';
import { TransfersModule } from '../transfers/transfers.module';

/** What only a process with the role `api` answers. */
@Module({})
export class ApiModule {
  static forRoot(guard: Type<CanActivate>): DynamicModule {
    return {
      module: ApiModule,
      imports: [TransfersModule, AdminModule.forRoot()],
      controllers: [AccountsController, BanksController, TransfersController],
      providers: [
        { provide: API_GUARD, useClass: guard },
        ...[ApiGuard, ImportAccounts, ImportOrders, TransferEnds, Reports],
      ],
    };
  }
}
