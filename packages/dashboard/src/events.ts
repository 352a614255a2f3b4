/**
 * Decisions as a stream: kept in a bounded ring, and told to whoever watches. A watcher is a place in the ring: what it has not taken yet waits there,
 * once for all of them, so that nobody who watches can make the firewall keep more or write sooner.
 *
 * @module
 */
import { performance } from "node:perf_hooks";
import type { Decision, Outcome, Waf } from "@aiwaf/core";
import { type DecisionRecord, noteOf, type RecordOptions, recordOf, recordOfNote } from "@aiwaf/core/records";
import { type EventFilter, matches } from "./event-filter.ts";
import { hear } from "./hear.ts";
import { createNoteRing } from "./note-ring.ts";

/** Bounds of what is kept and of who watches. */
export interface EventOptions {
  /** Decisions kept at most, 1 to 1,000,000. Default: 5,000. */
  readonly capacity?: number;
  /** Bytes kept at most, as estimated from each decision's texts, whatever `capacity` says. Default: 16 MiB. */
  readonly capacityBytes?: number;
  /** Watchers at the same time at most. Default: 32. */
  readonly maxViewers?: number;
  /** Bytes that may wait for one watcher outside of the ring. Default: 1 MiB. */
  readonly viewerBytes?: number;
  /** How long a watcher may take nothing while something waits for it, in milliseconds; then it is cut off. Default: 30,000. */
  readonly stuckMs?: number;
  /** What this deployment is called; its records carry it as `deployment`. Default: none. */
  readonly deployment?: string;
}

/** Where a watcher's text goes. */
export interface Sink {
  write(text: string): void;
  /** Bytes that were written and not taken yet. */
  waitingBytes(): number;
  end(): void;
  /** Ends it at once, whatever still waits. */
  cut(): void;
}

/** How one event is written for one kind of watcher. */
export type Frame = (name: string, id: string | undefined, data: unknown) => string;

/** What a watcher asks for. */
export interface WatchOptions {
  readonly filter: EventFilter;
  /** The id of the last event it has, to go on behind it. */
  readonly after?: string | undefined;
  /** Decisions a second at most, beyond the first 500; the others are counted and told as `skipped`. Default: all. */
  readonly rate?: number | undefined;
  /** Default: server-sent events. */
  readonly frame?: Frame;
}

/** The decisions of one firewall. */
export interface Events {
  /** The newest first, at most `limit`. */
  history(filter: EventFilter, limit: number): readonly DecisionRecord[];
  /** The decision of that id, while it is kept. */
  find(id: string): DecisionRecord | undefined;
  /**
   * Adds a watcher.
   *
   * @returns the function that removes it; `undefined` when there are as many as there may be, and nothing was written then.
   */
  watch(sink: Sink, options: WatchOptions): (() => void) | undefined;
  /** Tells every watcher something that is no decision. It is not kept. */
  tell(name: string, data: unknown): void;
  /** Decisions so far, and watchers now. */
  counts(): EventCounts;
  /** Ends all watchers and hears no more decisions. */
  close(): void;
}

/** Figures of the ring. */
export interface EventCounts {
  readonly decisions: number;
  readonly blocks: number;
  readonly kept: number;
  readonly viewers: number;
  /** Watchers that were cut off, because they took nothing or fell behind what is kept. */
  readonly dropped: number;
}

interface Viewer {
  readonly sink: Sink;
  readonly filter: EventFilter;
  readonly isOpen: boolean;
  readonly frame: Frame;
  /** The sequence it has to be shown next. */
  next: number;
  readonly rate: number | undefined;
  allowance: number;
  skipped: number;
  /** Since when it has taken nothing of what waits, and how much that was. */
  stuckSince: number;
  waited: number;
}

/** An event as server-sent events write it. Its data is JSON and so has no line breaks. */
export const sseFrame: Frame = (name, id, data) =>
  `${id === undefined ? "" : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

const BEAT_MS = 15_000;
/** Decisions are told in batches: one write to a socket for all of a moment, not one for each. */
const BATCH_MS = 50;
/**
 * A batch is told in slices of so many decisions, and requests are answered in between: all 250 of a moment under 5,000 a second took 1.1 ms at once, which
 * more than one request in a hundred met; the first 500 of a page that opens, 6.
 */
const SLICE = 50;
/** Decisions that are looked at for a slice and not told, at most. */
const SLICE_LOOKS = 500;
const BURST = 500;
/**
 * Milliseconds between two looks for notes. They become records after 10 to 20 looks, so many at once, or more where more wait; while the thread has better
 * things to do, after 100 to 200.
 */
const NOTE_LOOK_MS = 100;
const NOTE_LOOKS = 10;
const BUSY_NOTE_LOOKS = 100;
const BUSY = 0.5;
const NOTES_AT_ONCE = 200;
/** Room for notes: usual ones take 500 to 900 bytes, so that the capacity is what bounds them. */
const NOTE_BYTES = 1_024;
const NOTES_LEAST_BYTES = 16_384;
/** Bytes written to one watcher in one batch at most. */
const BATCH_BYTES = 512 * 1024;

/** Subscribes to the firewall's decisions. Nobody reads a record before it is redacted. */
export function createEvents(waf: Waf, options: EventOptions = {}): Events {
  const { capacity = 5_000, capacityBytes = 16 * 1024 * 1024, maxViewers = 32, viewerBytes = 1024 * 1024, stuckMs = 30_000 } = options;
  const { deployment } = options;
  const recordOptions: RecordOptions | undefined = deployment === undefined ? undefined : { deployment };
  // Sequences begin anew with each process; without a name, one of the last process would be taken for one of this.
  const epoch = Date.now().toString(36);
  /** The decision of sequence n stands at (n - 1) modulo the capacity, and what it takes beside it; `undefined`: it is a note. */
  const kept: (DecisionRecord | undefined)[] = [];
  const sizes: number[] = [];
  const notes = createNoteRing(capacity, Math.min(capacityBytes, Math.max(NOTES_LEAST_BYTES, capacity * NOTE_BYTES)));
  /** The sequences of the oldest that is kept, and of the newest. */
  let oldest = 1;
  let sequence = 0;
  /** The oldest that may be a note; those up to `due` have been one for long enough. */
  let noted = 1;
  let due = 0;
  let nextDue = 0;
  let looks = 0;
  let looked = performance.eventLoopUtilization();
  let keptBytes = 0;
  let blocks = 0;
  let dropped = 0;
  const viewers = new Set<Viewer>();
  let timer: NodeJS.Timeout | undefined;
  let rest: NodeJS.Immediate | undefined;
  let noteTimer: NodeJS.Timeout | undefined;
  let lastBeat = Date.now();
  let lastBatch = Date.now();

  const recordAt = (at: number): DecisionRecord => {
    const index = (at - 1) % capacity;
    kept[index] ??= recordOfNote(notes.take(index), recordOptions);
    return kept[index];
  };

  const dropOldest = (): void => {
    // Whoever keeps up must not lose what comes faster than batches do.
    if (viewers.size > 0) for (const viewer of viewers) if (viewer.next <= oldest) feed(viewer, Date.now());
    const index = (oldest - 1) % capacity;
    if (kept[index] === undefined) notes.wipe(index);
    kept[index] = undefined;
    keptBytes -= sizes[index] as number;
    oldest++;
  };

  /** Drops what stands where the note that was placed last will be written. */
  const makeRoom = (): void => {
    for (; oldest <= sequence; dropOldest()) {
      noted = Math.max(noted, oldest);
      while (noted <= sequence && kept[(noted - 1) % capacity] !== undefined) noted++;
      if (noted > sequence || notes.startOf((noted - 1) % capacity) >= notes.end - notes.size) return;
    }
  };

  const keep = (decision: Decision, outcome: Outcome | undefined): void => {
    const note = noteOf(decision, outcome);
    const isNoted = note !== undefined && notes.place(note);
    const record = isNoted ? undefined : recordOf(decision, outcome, recordOptions);
    const bytes = record === undefined ? notes.end - notes.start : sizeOf(record);
    if (decision.action === "block") blocks++;
    while (sequence >= oldest && (sequence - oldest + 1 >= capacity || keptBytes + bytes > capacityBytes)) dropOldest();
    if (isNoted) makeRoom();
    const index = sequence++ % capacity;
    kept[index] = record;
    sizes[index] = bytes;
    keptBytes += bytes;
    if (!isNoted) return;
    notes.write(index);
    noteTimer ??= setInterval(redactOld, NOTE_LOOK_MS).unref();
  };

  const { keepHeard, leave } = hear(waf, keep);

  /** Turns notes into records in idle moments, so that nothing of a request is held for longer than some seconds as it was sent. */
  const redactOld = (): void => {
    const now = performance.eventLoopUtilization();
    const isBusy = performance.eventLoopUtilization(now, looked).utilization > BUSY;
    looked = now;
    if (++looks >= (isBusy ? BUSY_NOTE_LOOKS : NOTE_LOOKS)) [due, nextDue, looks] = [nextDue, sequence, 0];
    noted = Math.max(noted, oldest);
    for (let left = Math.max(NOTES_AT_ONCE, (due - noted) / NOTE_LOOKS); left > 0 && noted <= due; left--) recordAt(noted++);
    if (noted <= sequence) return;
    clearInterval(noteTimer);
    noteTimer = undefined;
  };

  const remove = (viewer: Viewer): void => {
    viewers.delete(viewer);
    if (viewers.size > 0 || timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
  };
  const cut = (viewer: Viewer): void => {
    dropped++;
    remove(viewer);
    viewer.sink.cut();
  };

  /** Notes that cannot be meant, or are meant whatever they say, stay notes. */
  const isAskedFor = (at: number, filter: EventFilter, isOpen: boolean): boolean => {
    if (isOpen) return true;
    const index = (at - 1) % capacity;
    const { action, rule, client } = filter;
    if (kept[index] !== undefined) return matches(kept[index], filter);
    if ((action !== undefined && action !== "allow") || rule !== undefined) return false;
    return (client === undefined || client === notes.clientOf(index)) && matches(recordAt(at), filter);
  };

  /** Writes what fits, and a slice at most, to one watcher. @returns whether more would fit. */
  const feed = (viewer: Viewer, now: number): boolean => {
    const { sink, filter, isOpen, frame } = viewer;
    if (viewer.next < oldest) {
      cut(viewer);
      return false;
    }
    const waiting = sink.waitingBytes();
    if (waiting === 0 || waiting < viewer.waited) viewer.stuckSince = now;
    else if (now - viewer.stuckSince > stuckMs) {
      cut(viewer);
      return false;
    }
    let text = "";
    let told = 0;
    const lookedAt = viewer.next + SLICE_LOOKS;
    // Length in UTF-16 units is close enough: records are nearly all ASCII.
    while (
      viewer.next <= sequence &&
      viewer.next < lookedAt &&
      told < SLICE &&
      waiting + text.length < viewerBytes &&
      text.length < BATCH_BYTES
    ) {
      if (isAskedFor(viewer.next, filter, isOpen)) {
        if (viewer.rate === undefined || viewer.allowance >= 1) {
          told++;
          viewer.allowance--;
          text += frame("decision", `${epoch}-${viewer.next}`, recordAt(viewer.next));
        } else viewer.skipped++;
      }
      viewer.next++;
    }
    const isWhole = viewer.next > sequence;
    if (viewer.skipped > 0 && (isWhole || waiting + text.length >= viewerBytes)) {
      text += frame("skipped", `${epoch}-${viewer.next - 1}`, { count: viewer.skipped });
      viewer.skipped = 0;
    }
    if (text !== "") sink.write(text);
    viewer.waited = sink.waitingBytes();
    return !isWhole && viewer.waited < viewerBytes;
  };

  /** Tells the rest of a batch, slice by slice. */
  const feedLater = (): void => {
    rest ??= setImmediate(() => {
      rest = undefined;
      let isMore = false;
      for (const viewer of viewers) if (viewer.next <= sequence && feed(viewer, Date.now())) isMore = true;
      if (isMore) feedLater();
    });
  };

  const batch = (): void => {
    const now = Date.now();
    const beats = now - lastBeat >= BEAT_MS;
    if (beats) lastBeat = now;
    const elapsedMs = Math.max(0, now - lastBatch);
    lastBatch = now;
    let isMore = false;
    for (const viewer of viewers) {
      if (viewer.rate !== undefined)
        viewer.allowance = Math.min(Math.max(BURST, viewer.rate), viewer.allowance + (viewer.rate * elapsedMs) / 1_000);
      if (feed(viewer, now)) isMore = true;
      if (beats && viewers.has(viewer) && viewer.sink.waitingBytes() === 0)
        viewer.sink.write(viewer.frame === sseFrame ? ": still here\n\n" : "");
    }
    if (isMore) feedLater();
  };

  /** Where to go on for whoever has the event of that id, and whether nothing in between is lost. */
  const resume = (after: string | undefined): { readonly next: number; readonly isWhole: boolean } => {
    if (after === undefined || after === "") return { next: sequence + 1, isWhole: true };
    const match = /^([0-9a-z]{1,12})-(\d{1,15})$/.exec(after);
    if (match === null) return { next: sequence + 1, isWhole: false };
    if (match[1] !== epoch) return { next: oldest, isWhole: false };
    const next = Math.min(Number(match[2]), sequence) + 1;
    return { next: Math.max(next, oldest), isWhole: next >= oldest };
  };

  return {
    history(filter, limit) {
      keepHeard();
      const found: DecisionRecord[] = [];
      const isOpen = asksForAll(filter);
      for (let at = sequence; at >= oldest && found.length < limit; at--) if (isAskedFor(at, filter, isOpen)) found.push(recordAt(at));
      return found;
    },
    find(id) {
      keepHeard();
      for (let at = sequence; at >= oldest; at--) {
        const index = (at - 1) % capacity;
        if ((kept[index]?.id ?? notes.idOf(index)) === id) return recordAt(at);
      }
      return undefined;
    },
    watch(sink, { filter, after, rate, frame = sseFrame }) {
      if (viewers.size >= maxViewers) return undefined;
      keepHeard();
      const { next, isWhole } = resume(after);
      const now = Date.now();
      const isOpen = asksForAll(filter);
      const viewer: Viewer = { sink, filter, isOpen, frame, next, rate, allowance: BURST, skipped: 0, stuckSince: now, waited: 0 };
      if (frame === sseFrame) sink.write("retry: 2000\n\n");
      if (!isWhole) sink.write(frame("gap", undefined, { reason: "some decisions are not kept any more" }));
      viewers.add(viewer);
      timer ??= setInterval(batch, BATCH_MS).unref();
      if (feed(viewer, now)) feedLater();
      return () => remove(viewer);
    },
    tell(name, data) {
      for (const viewer of viewers) {
        // One that is full asks for the lists again when it comes back.
        if (viewer.sink.waitingBytes() < viewerBytes) viewer.sink.write(viewer.frame(name, undefined, data));
      }
    },
    counts() {
      keepHeard();
      return { decisions: sequence, blocks, kept: sequence - oldest + 1, viewers: viewers.size, dropped };
    },
    close() {
      leave();
      clearInterval(timer);
      clearInterval(noteTimer);
      clearImmediate(rest);
      for (const { sink } of viewers) sink.end();
      viewers.clear();
    },
  };
}

const asksForAll = (filter: EventFilter): boolean => Object.values(filter).every((value) => value === undefined);

/** About what a record takes. JSON would tell, and would cost every request what only watchers need. */
function sizeOf({ url, headers, findings, failures }: DecisionRecord): number {
  let bytes = 500 + url.length + findings.length * 400 + failures.length * 300;
  for (const name in headers) bytes += 40 + name.length + (headers[name]?.length ?? 0);
  return bytes;
}
