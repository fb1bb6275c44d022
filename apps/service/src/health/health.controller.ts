import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { ApiProblems } from '../http/openapi';
import { Readiness } from './readiness';

@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly readiness: Readiness,
  ) {}

  @Get('live')
  @ApiOperation({ summary: 'Whether the process lives: restart it when this does not answer' })
  async live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  @Get('ready')
  @ApiOperation({ summary: 'Whether the process can serve: send it nothing while this is 503' })
  @ApiProblems(503)
  async ready(): Promise<HealthCheckResult> {
    const { readiness } = this;
    try {
      return await this.health.check([
        () => readiness.process(),
        () => readiness.database(),
        () => readiness.queue(),
        () => readiness.backlogAge(),
      ]);
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      const { details } = error.getResponse() as HealthCheckResult;
      const down = Object.entries(details).filter(([, { status }]) => status === 'down');
      const message = `Not ready: ${down.map(([name]) => name).join(', ')}.`;
      throw new ServiceUnavailableException({ message, checks: details });
    }
  }
}
