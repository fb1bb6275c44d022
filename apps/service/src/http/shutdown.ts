import { Injectable } from '@nestjs/common';

/** Tells long requests that the process is about to end: they answer what they have. */
@Injectable()
export class Shutdown {
  private readonly controller = new AbortController();

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  begin(): void {
    this.controller.abort();
  }
}
