// Goal: what the README shows is code that is compiled and tested, word for word.
// Method: a ```ts block that begins with `// file.ts` must equal that file of the guide, and no file may be left out.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const guide = join(root, 'docs', 'guide', 'first-saga');

interface Snippet {
  readonly file: string;
  readonly text: string;
}

function snippetsOf(markdown: string): readonly Snippet[] {
  const blocks = markdown.matchAll(/^```ts\n\/\/ (?<file>\S+\.ts)\n(?<text>.*?)^```$/gms);
  return [...blocks].map(({ groups }) => ({
    file: groups?.file ?? '',
    text: groups?.text ?? '',
  }));
}

const snippets = snippetsOf(readFileSync(join(root, 'README.md'), 'utf8'));

describe('README.md', () => {
  it.each(snippets)('shows $file as it is', ({ file, text }) => {
    expect(text).toBe(readFileSync(join(guide, file), 'utf8'));
  });

  it('shows every file of the first saga', () => {
    expect(snippets.map(({ file }) => file).sort()).toEqual(readdirSync(guide).sort());
  });
});
