import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readInput, type Input } from '../src/files/read-input';
import { textLines, LINE_BYTES_MAX } from '../src/files/text-lines';

const HEAD = '"order_id";"account_id";"bank_to";"account_to";"amount";"k_symbol"';
const SAMPLE = join(__dirname, '../sample');

describe('input files', () => {
  let folder: string;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'tenon-files-'))));
  afterAll(async () => rm(folder, { recursive: true }));

  async function read(orders: readonly (string | Buffer)[], accounts = ['576;1']): Promise<Input> {
    const [accountFile, orderFile] = [join(folder, 'account.asc'), join(folder, 'order.asc')];
    await writeFile(accountFile, ['"account_id";"district_id"', ...accounts, ''].join('\n'));
    const lines = [HEAD, ...orders].map((line) => Buffer.concat([Buffer.from(line), NEWLINE]));
    await writeFile(orderFile, Buffer.concat(lines));
    return readInput(accountFile, orderFile);
  }

  // Goal: one bad line is told apart by its number and its reason, and costs no other line.
  // Method: put each kind of bad line between two good ones.
  it.each<[string, string | Buffer, string | RegExp]>([
    ['too few fields', '2;576;"YZ"', 'the line has 3 fields; the head line names 6'],
    [
      'too many fields',
      '2;576;"YZ";"1";1.00;"";"x"',
      'the line has 7 fields; the head line names 6',
    ],
    ['an open quote', '2;576;"YZ;"1";1.00;""', 'text follows a closing quote'],
    ['a quote that never ends', '2;576;YZ;1;1.00;"SIPO', 'a quote is not closed'],
    ['a quote within a field', '2;576;Y"Z;1;1.00;""', 'a quote begins within a field'],
    ['bytes that are not UTF-8', Buffer.from([0x32, 0x3b, 0xff]), 'the line is not UTF-8'],
    ['an endless line', 'x'.repeat(LINE_BYTES_MAX + 1), /16385 bytes; 16384 are the limit/],
    ['no account', '2;;"YZ";"1";1.00;""', 'the account id is empty'],
    ['a NUL byte', '2;57\x006;"YZ";"1";1.00;""', /account id holds a character/],
    ['a long id', `2;${'9'.repeat(65)};"YZ";"1";1.00;""`, /has 65 bytes; 64 are/],
    ['a negative amount', '2;576;"YZ";"1";-1.00;""', 'the amount "-1.00" is not more than zero'],
    ['no amount at all', '2;576;"YZ";"1";0.00;""', 'the amount "0.00" is not more than zero'],
    ['a decimal comma', '2;576;"YZ";"1";1,00;""', /is not a decimal number/],
    ['an exponent', '2;576;"YZ";"1";1e3;""', /is not a decimal number/],
    ['thirds of a cent', '2;576;"YZ";"1";1.005;""', /more than two decimals/],
    ['30 digits', `2;576;"YZ";"1";${'1'.repeat(30)};""`, /is too large; 16 digits/],
    ['an order number for the second time', '1;576;"YZ";"1";1.00;""', 'the id is that of line 2'],
  ])('refuses %s, and goes on', async (_name, bad, reason) => {
    const { orders, refused } = await read(['1;576;"YZ";"1";1.00;""', bad, '3;576;"YZ";"1";2;""']);
    expect(orders.map((order) => order.orderId)).toEqual(['1', '3']);
    const said = typeof reason === 'string' ? reason : (expect.stringMatching(reason) as unknown);
    expect(refused).toEqual([{ file: join(folder, 'order.asc'), line: 3, reason: said }]);
  });

  it('reads the shipped sample without a complaint', async () => {
    const input = await readInput(join(SAMPLE, 'account.asc'), join(SAMPLE, 'order.asc'));
    expect(input.refused).toEqual([]);
    expect([input.accountIds.length, input.orders.length]).toEqual([150, 457]);
  });

  it('keeps ids apart that differ by case or by a space', async () => {
    const { accountIds, refused } = await read(
      [],
      ['a1', 'A1', '"A1 "', 'A1'].map((id) => `${id};1`),
    );
    expect(accountIds).toEqual(['a1', 'A1', 'A1 ']);
    expect(refused.map((line) => line.line)).toEqual([5]);
  });

  it('puts orders into the order of their numbers', async () => {
    const numbers = ['10', '9', 'x', '100', '18446744073709551617'];
    const { orders } = await read(numbers.map((id) => `${id};576;YZ;1;1.00;""`));
    const sorted = ['9', '10', '100', '18446744073709551617', 'x'];
    expect(orders.map((order) => order.orderId)).toEqual(sorted);
  });

  it('takes Windows line ends, a byte order mark, blank lines and a last line without an end', async () => {
    const text = `\uFEFF${HEAD}\r\n1;576;YZ;1;1.00;""\r\n\r\n2;576;YZ;1;1.00;""`;
    await writeFile(join(folder, 'windows.asc'), text);
    const { orders, refused } = await readInput(
      join(SAMPLE, 'account.asc'),
      join(folder, 'windows.asc'),
    );
    expect(refused).toEqual([]);
    expect(orders.map((order) => order.orderId)).toEqual(['1', '2']);
  });

  it.each([
    ['of another kind', join(SAMPLE, 'account.asc'), /lacks order_id, bank_to, account_to, amount/],
    ['that is not there', join(SAMPLE, 'nothing.asc'), /nothing\.asc cannot be read\. .*ENOENT/],
    ['that is empty', '/dev/null', /is empty/],
    ['that is a folder', SAMPLE, /cannot be read\. .*EISDIR/],
  ])('refuses a whole file %s', async (_name, file, message) => {
    await expect(readInput(join(SAMPLE, 'account.asc'), file)).rejects.toThrow(message);
  });

  it('numbers lines however the bytes arrive', async () => {
    const bytes = Buffer.from('á\nbc\n\nd');
    const single = [...bytes].map((byte) => Buffer.from([byte]));
    const found: unknown[] = [];
    for await (const line of textLines(stream(single))) found.push(line);
    expect(found).toEqual(['á', 'bc', '', 'd'].map((text, index) => ({ line: index + 1, text })));
  });
});

const NEWLINE = Buffer.from('\n');

async function* stream(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}
