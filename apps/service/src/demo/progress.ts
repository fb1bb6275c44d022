import { Presets, SingleBar } from 'cli-progress';

/** Shows how far a round has come. */
export interface Progress {
  /** `trouble` says what was done to it. */
  update(ended: number, orders: number, trouble: string): void;
  stop(): void;
}

const SILENT: Progress = { update: () => undefined, stop: () => undefined };

/** A bar on the standard error, where a person may be looking; nothing where it is a file or a pipe. */
export function progressBar(isWanted: boolean): Progress {
  if (!isWanted || !process.stderr.isTTY) return SILENT;
  const bar = new SingleBar(
    {
      format: '{bar} {percentage}% | {value}/{total} transfers | {duration_formatted}{trouble}',
      hideCursor: true,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  );
  let isStarted = false;
  return {
    update: (ended, orders, words) => {
      const trouble = words === '' ? '' : ` | ${words}`;
      if (!isStarted) bar.start(orders, ended, { trouble });
      isStarted = true;
      bar.setTotal(orders);
      bar.update(ended, { trouble });
    },
    stop: () => {
      bar.stop();
      isStarted = false;
    },
  };
}
