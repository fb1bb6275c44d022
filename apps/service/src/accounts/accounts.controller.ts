import type { IncomingMessage } from 'node:http';
import {
  BadRequestException,
  Controller,
  Get,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  Query,
  Req,
  UseGuards,
} from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { InputFileError } from '../files/semicolon-records';
import { ApiGuard } from '../http/api-guard';
import { ApiProblems } from '../http/openapi';
import { uploadOf } from '../http/upload';
import { idFault } from '../transfers/transfer';
import { AccountImportAnswer, AccountImportQuery, AccountView } from './account-schemas';
import { Accounts } from './accounts';
import { ImportAccounts, type AccountImport } from './import-accounts';

@ApiTags('accounts')
@UseGuards(ApiGuard)
@Controller('v1/accounts')
export class AccountsController {
  constructor(
    private readonly accounts: Accounts,
    private readonly importAccounts: ImportAccounts,
  ) {}

  @Post('import')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Opens the accounts of a CSV file',
    description:
      'The body is the file: UTF-8, semicolons, a head line that names "account_id". Accounts that are open already are left alone, so an import that was cut off can be sent again.',
  })
  @ApiConsumes('text/csv')
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiOkResponse({ standardSchema: AccountImportAnswer })
  @ApiProblems(400, 415, 503)
  async import(
    @Req() request: IncomingMessage,
    @Query({ schema: AccountImportQuery }) query: z.infer<typeof AccountImportQuery>,
  ): Promise<AccountImport> {
    try {
      return await this.importAccounts.import(uploadOf(request), query.openingBalance);
    } catch (error) {
      if (error instanceof InputFileError) throw new BadRequestException(error.message);
      throw error;
    }
  }

  @Get(':id')
  @ApiOperation({ summary: 'An account with its balance' })
  @ApiOkResponse({ standardSchema: AccountView })
  @ApiProblems(404, 503)
  async find(@Param('id') id: string): Promise<AccountView> {
    const account = idFault('account', id) === null ? await this.accounts.find(id) : null;
    if (account === null) throw new NotFoundException('There is no such account.');
    const { openingBalance, balance, reserved } = account;
    return { id, openingBalance, balance, reserved };
  }
}
