/**
 * Stored lists and bans for tools: the command line, dashboards, scripts. Requests never load this entry.
 *
 * @module
 */
export { addBans, type BanFilter, clientKeyOf, type ListedBan, listBans, undoBans } from "./ban-list.ts";
export { type Ban, banKey, writeBan } from "./bans.ts";
export { changed, type SnapshotHealth, type SnapshotOptions, type StoreSnapshot, storeSnapshot } from "./snapshots.ts";
export { exportState, type ImportSummary, importState, type StateDocument } from "./state.ts";
export {
  addEntries,
  LIST_NAMES,
  type ListEntry,
  type ListName,
  listEntries,
  listPrefix,
  type NewListEntry,
  readEntry,
  removeEntries,
  spellEntry,
} from "./stored-lists.ts";
