import { Presets, SingleBar } from 'cli-progress';

/** Shows how far a round has come. */
export interface Progress {
  update(ended: number, orders: number, kills: number): void;
  stop(): void;
}

const SILENT: Progress = { update: () => undefined, stop: () => undefined };

/** A bar on the standard error, where a person may be looking; nothing where it is a file or a pipe. */
export function progressBar(isWanted: boolean): Progress {
  if (!isWanted || !process.stderr.isTTY) return SILENT;
  const bar = new SingleBar(
    {
      format:
        '{bar} {percentage}% | {value}/{total} transfers | {duration_formatted} | {kills} kills',
      hideCursor: true,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  );
  let isStarted = false;
  return {
    update: (ended, orders, kills) => {
      if (!isStarted) bar.start(orders, ended, { kills });
      isStarted = true;
      bar.setTotal(orders);
      bar.update(ended, { kills });
    },
    stop: () => {
      bar.stop();
      isStarted = false;
    },
  };
}
