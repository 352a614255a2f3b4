import { readFileSync, type Stats, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { type Logger, type Place, WafError } from "@aiwaf/core";
import { Reader, type Response } from "mmdb-lib";
import { placeOf } from "./place.ts";

/** What `openGeoDatabase` takes beside the file. */
export interface GeoDatabaseOptions {
  /** A second file for the networks (ASN), where the first has only countries. Default: none. */
  readonly networks?: string;
  /**
   * How often a file is looked at while requests come, in milliseconds, 1,000 to 86,400,000. A file that changed is read in the background and takes
   * over when it is whole; until then, and when it is damaged, the old one answers. Default 60,000.
   */
  readonly reloadMs?: number;
  /** Told when a changed file cannot be read. Default: the console. */
  readonly log?: Pick<Logger, "warn">;
}

/** An open database: what `geo` takes. */
export interface GeoDatabase {
  /** Country and network of an address, `undefined` when the file has neither. Never throws, never waits. */
  lookup(address: string): Place | undefined;
  /** The files that answer now, with the time at which each was built. */
  readonly files: readonly { readonly path: string; readonly type: string; readonly builtAt: Date }[];
}

/** Files beyond this are no MMDB of countries or networks, and would fill the memory. */
const MAX_BYTES = 2 ** 30;
/** Remembered addresses; all are dropped when it is full, so a flood of new ones costs one look-up each and no more memory. */
const MAX_REMEMBERED = 20_000;
const DEFAULT_RELOAD_MS = 60_000;

interface OpenFile {
  readonly path: string;
  reader: Reader<Response>;
  /** What told this state of the file apart. */
  mark: string;
}

/**
 * Opens an MMDB file of MaxMind, IPinfo or DB-IP, or of the same layout, once: it is read whole, and look-ups touch no disk.
 *
 * @throws WafError `AIWAF_GEO_DATABASE` when the file is missing or cannot be used; the message says how to get one.
 * @example
 * const database = openGeoDatabase("data/country.mmdb", { networks: "data/asn.mmdb" });
 */
export function openGeoDatabase(path: string, options: GeoDatabaseOptions = {}): GeoDatabase {
  const { networks, reloadMs = DEFAULT_RELOAD_MS, log = console } = options;
  if (!Number.isInteger(reloadMs) || reloadMs < 1_000 || reloadMs > 86_400_000) {
    throw new WafError(
      "AIWAF_OPTION_INVALID",
      `Option "reloadMs" must be a whole number from 1000 to 86400000; it is ${String(reloadMs)}.`,
    );
  }
  const files = [path, ...(networks === undefined ? [] : [networks])].map(open);
  const places = new Map<string, Place | undefined>();
  let checkedAt = Date.now();
  let isChecking = false;

  const reload = async (): Promise<void> => {
    for (const file of files) {
      try {
        const mark = markOf(await stat(file.path));
        if (mark === file.mark) continue;
        const reader = read(file.path, await readFile(file.path));
        // Whoever copies over the file may be at it still: what changed meanwhile is read next time.
        if (markOf(await stat(file.path)) !== mark) continue;
        file.reader = reader;
        file.mark = mark;
        places.clear();
      } catch (error) {
        log.warn(`[aiwaf] ${file.path} changed and cannot be read; the state before answers on: ${String(error).slice(0, 200)}`);
      }
    }
  };

  return {
    lookup(address) {
      const now = Date.now();
      if (!isChecking && Math.abs(now - checkedAt) >= reloadMs) {
        checkedAt = now;
        isChecking = true;
        // Never rejects: every failure is told to the log.
        void reload().finally(() => {
          isChecking = false;
        });
      }
      if (places.has(address)) return places.get(address);
      const place = merged(files.map(({ reader }) => find(reader, address)));
      if (places.size >= MAX_REMEMBERED) places.clear();
      places.set(address, place);
      return place;
    },
    get files() {
      return files.map(({ path: name, reader: { metadata } }) => ({
        path: name,
        type: metadata.databaseType,
        builtAt: metadata.buildEpoch,
      }));
    },
  };
}

function merged(found: readonly (Place | undefined)[]): Place | undefined {
  const places = found.filter((place) => place !== undefined);
  return places.length < 2 ? places[0] : Object.freeze(Object.assign({}, ...places.toReversed()) as Place);
}

function find(reader: Reader<Response>, address: string): Place | undefined {
  try {
    return placeOf(reader.get(address));
  } catch {
    // No address, or a record that is damaged: nothing is known about it.
    return undefined;
  }
}

const HINT =
  "No database comes with AIWAF. A free one of countries: npm install @ip-location-db/geo-whois-asn-country-mmdb, then name " +
  "node_modules/@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb; files of MaxMind, IPinfo and DB-IP do as well.";

const markOf = ({ size, mtimeMs, ino }: Stats): string => `${size}:${mtimeMs}:${ino}`;

function open(path: string): OpenFile {
  let mark: string;
  let bytes: Buffer;
  try {
    const stats = statSync(path);
    if (!stats.isFile()) throw new Error("it is no file");
    if (stats.size > MAX_BYTES) throw new Error(`it has ${stats.size} bytes, at most ${MAX_BYTES} are read`);
    mark = markOf(stats);
    bytes = readFileSync(path);
  } catch (error) {
    throw new WafError("AIWAF_GEO_DATABASE", `The geo database ${JSON.stringify(path)} cannot be read: ${reasonOf(error)}. ${HINT}`);
  }
  return { path, reader: read(path, bytes), mark };
}

function read(path: string, bytes: Buffer): Reader<Response> {
  let reader: Reader<Response>;
  try {
    reader = new Reader<Response>(bytes);
  } catch (error) {
    throw new WafError("AIWAF_GEO_DATABASE", `${JSON.stringify(path)} is no MMDB file, or is cut short: ${reasonOf(error)}. ${HINT}`);
  }
  const fields = strangeFields(reader);
  if (fields !== undefined) {
    throw new WafError(
      "AIWAF_GEO_DATABASE",
      `${JSON.stringify(path)} holds neither countries nor networks; its records have ${fields || "no fields"}. ${HINT}`,
    );
  }
  return reader;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 200).replace(/\.$/, "");

/** Looks at records all over the address space: the fields of one when none of them has a country or a network, `undefined` when all is well. */
function strangeFields(reader: Reader<Response>): string | undefined {
  let strange: string | undefined;
  for (let first = 1; first < 224; first++) {
    let record: unknown;
    try {
      record = reader.get(`${first}.0.0.1`);
    } catch {
      continue;
    }
    if (placeOf(record) !== undefined) return undefined;
    if (typeof record === "object" && record !== null) strange ??= Object.keys(record).slice(0, 10).join(", ");
  }
  return strange;
}
