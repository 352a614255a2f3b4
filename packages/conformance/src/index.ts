/**
 * The suites that every AIWAF store, detector and adapter passes.
 *
 * @module
 */
export { ADAPTER_CASES, type AdapterCase, type AdapterExpect, type AdapterSend, CAPABILITIES, type Capability } from "./adapter-case.ts";
export { type AdapterSuiteOptions, adapterSuite, type RunningAdapter } from "./adapter-suite.ts";
export { behindPromises } from "./behind-promises.ts";
export { type DetectorRecord, type DetectorSuiteOptions, detectorSuite, type Hit, type Pass } from "./detector-suite.ts";
export { type PlainStore, plainStore } from "./plain-store.ts";
export { type RandomRequest, randomRequests } from "./random-requests.ts";
export { fromRecord, type RequestRecord } from "./request-record.ts";
export type { RawEntry, RawRead, Space } from "./store-case.ts";
export { STORE_CASES, type StoreSuiteOptions, storeSuite } from "./store-suite.ts";
export { ConformanceError, type Skip, type TestFunction } from "./suite.ts";
export {
  STATUS_FIELD,
  STREAM_PATH,
  SUITE_EVENT_PAUSE_MS,
  SUITE_EVENTS,
  type SuiteAnswer,
  suiteAnswer,
  THROWS_PATH,
  UNREAD_PATH,
  unreadAnswer,
} from "./suite-app.ts";
export { type SuiteConfig, suiteWaf } from "./suite-waf.ts";
export { wholeBodyCases } from "./whole-body-cases.ts";
