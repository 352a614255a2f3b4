/**
 * Countries and networks from the user's own MMDB files, read by @aiwaf/geo where it is installed.
 *
 * @module
 */
import { messageOf, UsageError } from "./usage-error.ts";

/** Not a dependency: whoever has a database has the package that reads it. */
const GEO_PACKAGE: string = "@aiwaf/geo";

/** What a database says of an address. */
export interface Place {
  readonly country?: string;
  readonly asn?: number;
}

type OpenDatabase = (file: string, options?: { readonly networks?: string }) => { lookup(address: string): Place | undefined };

/**
 * Opens `path`, and beside it a file of networks.
 *
 * @param flag - The flag that named the file, for messages.
 * @throws UsageError where the package is missing or the file cannot be read.
 */
export async function openPlaces(flag: string, path: string, networks?: string): Promise<(address: string) => Place | undefined> {
  let open: OpenDatabase;
  try {
    open = ((await import(GEO_PACKAGE)) as { readonly openGeoDatabase: OpenDatabase }).openGeoDatabase;
  } catch {
    throw new UsageError(`${flag}: needs the package that reads such files: npm install @aiwaf/geo`);
  }
  try {
    const database = open(path, networks === undefined ? {} : { networks });
    return (address) => database.lookup(address);
  } catch (error) {
    throw new UsageError(`${flag} ${path}: ${messageOf(error)}`);
  }
}
