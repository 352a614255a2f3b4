/**
 * Countries and networks of clients, from MMDB files. No database comes with this package and none is ever fetched.
 *
 * @module
 */
export { type GeoDatabase, type GeoDatabaseOptions, openGeoDatabase } from "./database.ts";
