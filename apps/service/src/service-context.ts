import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import { ServiceModule, type ServiceOptions } from './service.module';

/** Boots the service without HTTP. A fault at boot is thrown, for the caller to tell. */
export async function serviceContext(options: ServiceOptions): Promise<INestApplicationContext> {
  const module = ServiceModule.forRoot(options);
  // What the demo or a person should know is said elsewhere; Nest only reports trouble.
  const nestOptions = { logger: ['error' as const, 'warn' as const], abortOnError: false };
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class, and takes them as an object
  return NestFactory.createApplicationContext(module, nestOptions);
}
