import { Module } from '@nestjs/common';

/** The root module of the service. */
@Module({})
export class ServiceModule {}
