// Goal: a client that was not answered, because the answer to our COMMIT was lost, sends its order again and makes no second
// transfer. Method: a proxy between the service and the database cuts the connection at every COMMIT of an order, after or
// before the server has it, and the client insists with the same key until it is answered.
import { cutProxy, type CutProxy } from '../../../test/servers/cut-proxy';
import { describeService, type ServiceBed } from './service-bed';
import { post, ServiceProcess, upload } from './service-process';

const ORDERS = 200;
const COMMIT = { postgres18: /^$/, postgres15: /^Q[^]{4}COMMIT/, mariadb: /^.{5}COMMIT$/s };

describeService('an order whose commit is not answered', (server, open) => {
  let bed: ServiceBed;
  let proxy: CutProxy;
  let service: ServiceProcess;
  beforeAll(async () => {
    bed = await open();
    proxy = await cutProxy(bed.databaseUrl);
    // Nothing but the API: every COMMIT that is cut is one of an order.
    const env = { ...bed.env, DATABASE_URL: proxy.url, TENON_ROLES: 'api' };
    service = await ServiceProcess.serving(env);
    const accounts = '"account_id"\npayer\n';
    await upload(`${service.url}/v1/accounts/import?openingBalance=1000.00`, accounts);
    await post(`${service.url}/v1/banks/AB/open`, {});
  });
  afterAll(async () => {
    await service.stop();
    await proxy.close();
    await bed.close();
  });

  it(`is one transfer when it is sent again, ${ORDERS} times`, async () => {
    let isCut = true;
    let unanswered = 0;
    proxy.cut('answer', (message) => {
      if (!isCut || !COMMIT[server].test(message)) return false;
      isCut = false;
      return true;
    });
    const ids = new Set<unknown>();
    for (let number = 0; number < ORDERS; number += 1) {
      const order = {
        ...{ orderId: `n${number}`, accountId: 'payer', bankTo: 'AB', accountTo: '7' },
        amount: '1.00',
      };
      const key = { 'Idempotency-Key': `key ${number}` };
      isCut = true;
      const lost = await post(`${service.url}/v1/transfers`, order, key);
      expect([lost.status, lost.headers.get('retry-after')]).toEqual([503, expect.any(String)]);
      unanswered += 1;
      const { status, body, headers } = await post(`${service.url}/v1/transfers`, order, key);
      expect([status, headers.get('idempotency-replayed')]).toEqual([202, 'true']);
      ids.add(body.id);
    }
    proxy.heal();
    expect([unanswered, ids.size]).toEqual([ORDERS, ORDERS]);
    expect(await bed.remains.number('SELECT count(*) AS n FROM op_log')).toBe(ORDERS);
    expect(await bed.remains.number('SELECT count(*) AS n FROM payment_order')).toBe(ORDERS);
  }, 240_000);
});
