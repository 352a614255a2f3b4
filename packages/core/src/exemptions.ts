/**
 * Exemptions: of clients, paths and routes, and marks on handlers.
 *
 * @module
 */
export { type Exempt, type ExemptionsOptions, exemptions } from "./detectors/exemptions.ts";
export { exempt, exemptFrom, handlerRules, type Mark, only, type Protection, protectionOf, requireProtection } from "./protection.ts";
