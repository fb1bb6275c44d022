import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Observable } from 'rxjs';

/**
 * Who may use the API (all of `/v1` but `/v1/admin`, which has keys of its own): a guard of your choice. By default
 * everybody may. Name yours in `ServiceModule.forRoot({ …, apiGuard: MyGuard })`.
 */
export const API_GUARD = Symbol('TENON_API_GUARD');

/** Lets everybody in. */
@Injectable()
export class OpenToAll implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

/** Asks the guard that was chosen. */
@Injectable()
export class ApiGuard implements CanActivate {
  constructor(@Inject(API_GUARD) private readonly chosen: CanActivate) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> | Observable<boolean> {
    return this.chosen.canActivate(context);
  }
}
