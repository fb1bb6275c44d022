const QUIET_MS = 10_000;
const TOPICS_MAX = 100;

/**
 * Tells people what goes wrong with the queue: each kind of line at most once in ten seconds, with no password in it.
 * A queue that is away fails hundreds of times per second.
 */
export class Warner {
  private readonly quiet = new Map<string, { untilMs: number; unsaid: number }>();

  constructor(
    private readonly print: (line: string) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  warn(message: string): void {
    const line = withoutSecrets(message);
    // Lines that differ by a port, an id or a duration are the same news.
    const topic = line.replaceAll(/\d+/g, '#');
    const known = this.quiet.get(topic);
    if (known !== undefined && this.now() < known.untilMs) {
      known.unsaid += 1;
      return;
    }
    if (this.quiet.size >= TOPICS_MAX) this.quiet.clear();
    this.quiet.set(topic, { untilMs: this.now() + QUIET_MS, unsaid: 0 });
    const unsaid = known?.unsaid ?? 0;
    this.print(`Tenon queue: ${line}${unsaid > 0 ? ` (and ${unsaid} times before)` : ''}`);
  }
}

/** An error in one line, for a warning. */
export function lineOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A refused connection to a name with several addresses has no message of its own.
  const inner = error instanceof AggregateError ? error.errors.map(lineOf).join(', ') : '';
  return (error.message || inner || error.name).replaceAll(/\s+/g, ' ').trim();
}

/** The text with the credentials of every URL in it cut out. */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(/(\w+:\/\/)[^\s/]*@/g, '$1')
    .replaceAll(/([?&]|\b)(password|pass|pwd)=[^\s&]*/gi, '$1$2=…');
}
