import type { IncomingMessage, ServerResponse } from 'node:http';
import { isFinalState, type SagaReport } from '@tenon/core';
import { TenonClient } from '@tenon/engine';
import {
  BadRequestException,
  Body,
  ConflictException,
  Controller,
  Get,
  Headers,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  Query,
  Req,
  Res,
  ServiceUnavailableException,
  UnprocessableEntityException,
  UseGuards,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConsumes,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { z } from 'zod';
import { InputFileError } from '../files/semicolon-records';
import { ApiGuard } from '../http/api-guard';
import { ApiProblems } from '../http/openapi';
import { uploadOf } from '../http/upload';
import { ImportCutShort, ImportOrders, type OrderImport } from './import-orders';
import { keyFault, PaymentOrders } from './payment-orders';
import { Reports, type FullReport } from './reports';
import type { Transfer } from './transfer';
import { TransferEnds } from './transfer-ends';
import { transfer } from './transfer.saga';
import {
  OrderBody,
  OrderQuery,
  ReportAnswer,
  TransferAnswer,
  TransferImportAnswer,
  TransferView,
  WAIT_MS_MAX,
} from './transfer-schemas';

@ApiTags('transfers')
@UseGuards(ApiGuard)
@Controller('v1/transfers')
export class TransfersController {
  constructor(
    private readonly orders: PaymentOrders,
    private readonly imports: ImportOrders,
    private readonly ends: TransferEnds,
    private readonly reports: Reports,
    private readonly tenon: TenonClient,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    summary: 'Accepts a payment order',
    description:
      'Send it again, with the same Idempotency-Key, whenever the answer did not arrive: it is accepted once.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'At most 190 bytes. Default: the number of the order.',
  })
  @ApiAcceptedResponse({ description: 'It will be carried out.', standardSchema: TransferAnswer })
  @ApiOkResponse({
    description: 'It has ended. Only with `wait`.',
    standardSchema: TransferAnswer,
  })
  @ApiProblems(400, 409, 413, 422, 503)
  async accept(
    @Body({ schema: OrderBody }) order: Transfer,
    @Query({ schema: OrderQuery }) { wait }: z.infer<typeof OrderQuery>,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<TransferAnswer> {
    const id = await this.acceptedId(order, key ?? order.orderId, response);
    response.setHeader('location', `/v1/transfers/${id}`);
    const pending = { id, orderId: order.orderId, state: 'pending', hasEnded: false, reason: null };
    if (wait === undefined) return pending;
    const waitMs = Math.min(wait, WAIT_MS_MAX);
    await this.ends.wait(id, waitMs);
    const { orderId, state, hasEnded, reason } = await this.view(id);
    if (hasEnded) response.statusCode = 200;
    return { id, orderId, state, hasEnded, reason, ...(waitMs < wait ? { waitMs } : {}) };
  }

  @Post('import')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Accepts the payment orders of a CSV file',
    description:
      'The body is the file: UTF-8, semicolons, a head line that names "order_id", "account_id", "bank_to", "account_to" and "amount". Lines are accepted in their order, in batches. An import that was cut off is sent again: what was accepted before is refused as such.',
  })
  @ApiConsumes('text/csv')
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiOkResponse({ standardSchema: TransferImportAnswer })
  @ApiProblems(400, 415, 503)
  async import(@Req() request: IncomingMessage): Promise<OrderImport> {
    try {
      return await this.imports.import(uploadOf(request));
    } catch (error) {
      if (error instanceof InputFileError) throw new BadRequestException(error.message);
      if (!(error instanceof ImportCutShort)) throw error;
      const message =
        'The import was cut short: the database does not answer, or this process is being stopped. What was accepted stands; send the whole file again.';
      throw new ServiceUnavailableException(
        { message, accepted: error.accepted },
        { cause: error.cause },
      );
    }
  }

  @Get('report')
  @ApiOperation({ summary: 'All transfers and all money, counted' })
  @ApiOkResponse({ standardSchema: ReportAnswer })
  @ApiProblems(503)
  async report(): Promise<FullReport> {
    return this.reports.report();
  }

  @Get(':id')
  @ApiOperation({ summary: 'A transfer, and how far it has come' })
  @ApiOkResponse({ standardSchema: TransferView })
  @ApiProblems(404, 503)
  async find(@Param('id') id: string): Promise<TransferView> {
    return this.view(id);
  }

  private async acceptedId(
    order: Transfer,
    key: string,
    response: ServerResponse,
  ): Promise<string> {
    const fault = keyFault(key);
    if (fault !== null) throw new BadRequestException(fault);
    const acceptance = await this.orders.acceptOnce(order, key);
    switch (acceptance.kind) {
      case 'known':
        response.setHeader('idempotency-replayed', 'true');
        return acceptance.id;
      case 'accepted':
        return acceptance.id;
      case 'key used':
        throw new UnprocessableEntityException({
          message: `The Idempotency-Key was used for another order, which is transfer ${String(acceptance.id)}. A key belongs to one order.`,
          transfer: acceptance.id,
        });
      case 'order known':
        throw new ConflictException(
          `The order ${order.orderId} was accepted before, under another Idempotency-Key.`,
        );
    }
  }

  private async view(id: string): Promise<TransferView> {
    const report = ID.test(id) ? await this.tenon.find(id) : null;
    if (report?.type !== transfer.type) throw new NotFoundException('There is no such transfer.');
    return viewOf(report);
  }
}

/** What a `bigint` of the databases surely holds. */
const ID = /^[1-9]\d{0,17}$/;

function viewOf(report: SagaReport): TransferView {
  const { id, payload, markerStatus, state, reason, createdAt, finishedAt } = report;
  // An operation may also come in by plain SQL, with whatever payload.
  const order = (typeof payload === 'object' && payload !== null ? payload : {}) as Transfer;
  const isDead = state === null && markerStatus === 'dead';
  return {
    id,
    orderId: order.orderId,
    accountId: order.accountId,
    bankTo: order.bankTo,
    accountTo: order.accountTo,
    amount: order.amount,
    state: state ?? (isDead ? 'dead' : 'pending'),
    hasEnded: isDead || (state !== null && isFinalState(state)),
    reason,
    acceptedAt: createdAt.toISOString(),
    endedAt: finishedAt?.toISOString() ?? null,
  };
}
