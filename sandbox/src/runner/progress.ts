/**
 * One line that says how far a run is.
 *
 * @module
 */

export interface Progress {
  /** What is going on now, and how many steps it has. */
  phase(label: string, total: number): void;
  /** How many steps of the phase are done. */
  advance(done: number): void;
  /** Removes the line from a terminal. Nothing is written afterwards. */
  end(): void;
}

/** What a progress line writes to; `process.stderr` fits. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

const redrawEveryMs = 100;
const lineEveryMs = 5_000;

/** On a terminal one line is redrawn; anywhere else, such as in a CI log, a line is written every five seconds and for each phase. */
export function createProgress(stream: ProgressStream, now: () => number = () => performance.now()): Progress {
  const redraws = stream.isTTY === true;
  const startedAt = now();
  let label = "";
  let total = 0;
  let nextAt = 0;
  let ended = false;

  const write = (done: number): void => {
    const seconds = Math.round((now() - startedAt) / 1000);
    const share = total > 0 ? `${String(Math.floor((100 * done) / total)).padStart(3)} %  ` : "";
    const text = `${share}${label}  ${seconds} s`;
    stream.write(redraws ? `\r\x1b[K${text.slice(0, 99)}` : `${text}\n`);
    nextAt = now() + (redraws ? redrawEveryMs : lineEveryMs);
  };

  return {
    phase(newLabel, newTotal) {
      if (ended) return;
      label = newLabel;
      total = newTotal;
      write(0);
    },
    advance(done) {
      if (!ended && now() >= nextAt) write(done);
    },
    end() {
      if (!ended && redraws) stream.write("\r\x1b[K");
      ended = true;
    },
  };
}
