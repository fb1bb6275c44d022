import { decodeChunk, encodeChunk } from './chunk';

// Goal: tickets survive the queue, and whatever else somebody puts there is refused instead of adopted.
// Method: there and back through JSON, as the queue does it; then malformed data.
describe('chunk', () => {
  it('carries ids and fences', () => {
    const tickets = [
      { id: '1', fence: 0 },
      { id: '9007199254740993', fence: 7 },
    ];
    expect(decodeChunk(JSON.parse(JSON.stringify(encodeChunk(tickets))))).toEqual(tickets);
    expect(decodeChunk(encodeChunk([]))).toEqual([]);
  });

  it.each([
    null,
    undefined,
    'x',
    {},
    { ids: ['1'] },
    { ids: ['1'], fences: [] },
    { ids: [1], fences: [1] },
    { ids: ['1'], fences: ['1'] },
    { ids: ['1'], fences: [1.5] },
  ])('refuses %j', (data) => {
    expect(() => decodeChunk(data)).toThrow('a chunk in the queue');
  });
});
