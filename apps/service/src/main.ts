import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ServiceModule } from './service.module';

async function main(): Promise<void> {
  const app = await NestFactory.create(ServiceModule);
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000);
}

void main();
