/**
 * The suites that every AIWAF store, detector and adapter passes.
 *
 * @module
 */
export { behindPromises } from "./behind-promises.ts";
export { type DetectorRecord, type DetectorSuiteOptions, detectorSuite, type Hit, type Pass } from "./detector-suite.ts";
export { type PlainStore, plainStore } from "./plain-store.ts";
export { type RandomRequest, randomRequests } from "./random-requests.ts";
export { fromRecord, type RequestRecord } from "./request-record.ts";
export type { RawEntry, RawRead, Space } from "./store-case.ts";
export { STORE_CASES, type StoreSuiteOptions, storeSuite } from "./store-suite.ts";
export { ConformanceError, type Skip, type TestFunction } from "./suite.ts";
