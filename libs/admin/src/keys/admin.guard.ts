import {
  createParamDecorator,
  ForbiddenException,
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';
import type { OperatorKey, OperatorRole } from '@tenon/core';
import type { Actor } from '@tenon/engine';
import { KeyRing } from './key-ring';
import { allows } from './roles';

/** The header that a key travels in. */
export const ADMIN_KEY_HEADER = 'x-api-key';
/** The metadata of a handler that names the role it needs. */
export const NEEDED_ROLE = Symbol('TENON_NEEDED_ROLE');

const KEY_LENGTH_MAX = 200;
const ACTOR = Symbol('TENON_ACTOR');

interface AdminRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  [ACTOR]?: Actor;
}

/** Lets in who has a key whose role suffices. A handler that names no role needs the highest. */
@Injectable()
export class AdminGuard implements CanActivate {
  constructor(
    private readonly keys: KeyRing,
    private readonly reflector: Reflector,
    private readonly http: HttpAdapterHost,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AdminRequest>();
    const key = await this.keyOf(request.headers[ADMIN_KEY_HEADER]);
    if (key === null) return this.turnAway(context);
    const targets = [context.getHandler(), context.getClass()];
    const needed = this.reflector.getAllAndOverride<OperatorRole | undefined>(NEEDED_ROLE, targets);
    if (!allows(key.role, needed ?? 'admin'))
      throw new ForbiddenException({
        code: 'TENON_FORBIDDEN',
        message: `This needs the role ${needed ?? 'admin'}; the key "${key.name}" has the role ${key.role}.`,
      });
    request[ACTOR] = { name: key.name, role: key.role };
    return true;
  }

  private async keyOf(header: AdminRequest['headers'][string]): Promise<OperatorKey | null> {
    const isPlausible =
      typeof header === 'string' && header.length > 0 && header.length <= KEY_LENGTH_MAX;
    return isPlausible ? this.keys.find(header) : null;
  }

  private async turnAway(context: ExecutionContext): Promise<never> {
    if (!(await this.keys.hasAny()))
      throw new ForbiddenException({
        code: 'TENON_NO_KEYS',
        message:
          'The admin API is closed: no key has been made. Make one where the service runs: `npm run tenon -- keys create NAME --role viewer|operator|admin`, with its DATABASE_URL.',
      });
    // HTTP asks a 401 to say what would be accepted.
    const { httpAdapter } = this.http;
    const response: unknown = context.switchToHttp().getResponse();
    httpAdapter.setHeader(response, 'WWW-Authenticate', 'ApiKey realm="tenon"');
    throw new UnauthorizedException({
      code: 'TENON_UNAUTHENTICATED',
      message: `Send a living key in the header ${ADMIN_KEY_HEADER}.`,
    });
  }
}

/** Who calls: the key that the guard has let in. */
export const By = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const actor = context.switchToHttp().getRequest<AdminRequest>()[ACTOR];
  if (actor === undefined)
    throw new Error('A handler of the admin API was reached past its guard.');
  return actor;
});
