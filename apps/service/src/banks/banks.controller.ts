import { BadRequestException, Controller, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { ApiGuard } from '../http/api-guard';
import { ApiProblems } from '../http/openapi';
import { idFault } from '../transfers/transfer';
import { Banks } from './banks';

const BankView = z.object({ id: z.string(), isClosed: z.boolean() });
type BankView = z.infer<typeof BankView>;

@ApiTags('banks')
@UseGuards(ApiGuard)
@Controller('v1/banks')
export class BanksController {
  constructor(private readonly banks: Banks) {}

  @Post(':id/open')
  @HttpCode(200)
  @ApiOperation({ summary: 'Opens a bank: it takes money from now on' })
  @ApiOkResponse({ standardSchema: BankView })
  @ApiProblems(400, 503)
  async open(@Param('id') id: string): Promise<BankView> {
    return this.set(id, false);
  }

  @Post(':id/close')
  @HttpCode(200)
  @ApiOperation({ summary: 'Closes a bank: it takes no money from now on' })
  @ApiOkResponse({ standardSchema: BankView })
  @ApiProblems(400, 503)
  async close(@Param('id') id: string): Promise<BankView> {
    return this.set(id, true);
  }

  private async set(id: string, isClosed: boolean): Promise<BankView> {
    const fault = idFault('bank', id);
    if (fault !== null) throw new BadRequestException(fault);
    await this.banks.set([id], new Set(isClosed ? [id] : []));
    return { id, isClosed };
  }
}
