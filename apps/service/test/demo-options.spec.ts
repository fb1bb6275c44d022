import { demoOptions } from '../src/demo/options';

describe("the demo's options", () => {
  beforeEach(() => jest.spyOn(process.stderr, 'write').mockReturnValue(true));
  afterEach(() => jest.restoreAllMocks());

  it('has a default for everything, and closes a bank of the sample', () => {
    expect(demoOptions([])).toEqual({
      openingBalance: '10000.00',
      closedBanks: ['QR'],
      instances: 1,
      kills: 0,
      redisFaults: 0,
      keep: false,
      json: false,
    });
  });

  it('closes no bank that was not named where files were', () => {
    const files = ['--orders', 'o', '--accounts', 'a'];
    expect(demoOptions(files).closedBanks).toEqual([]);
    expect(
      demoOptions([...files, '--closed-bank', 'AB', '--closed-bank', 'CD']).closedBanks,
    ).toEqual(['AB', 'CD']);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['no instances', ['--instances', '0'], /whole number from 1 to 32/],
    ['half a kill', ['--kills', '1.5'], /whole number from 0 to 10000/],
    ['half an input', ['--orders', 'x'], /Give both --orders and --accounts/],
    ['floating point', ['--opening-balance', '1e4'], /must be a decimal number/],
    ['a debt', ['--opening-balance', '-1.00'], /must be a decimal number/],
    [
      'more than one trouble',
      ['--kills', '1', '--redis-faults', '1'],
      /either --kills or --redis-f/,
    ],
    ['faults of a Redis of others', ['--redis-faults', '1', '--redis', 'redis://x'], /of its own/],
    ['Redis faults with --keep', ['--redis-faults', '1', '--keep'], /cannot go with --keep/],
    ['kills with --keep', ['--kills', '1', '--keep'], /cannot go with --keep/],
    ['words that are no option', ['now'], /too many arguments/],
  ])('refuses %s', (_name, args, words) => {
    expect(() => demoOptions(args)).toThrow(words);
  });
});
