/**
 * What operators switch while the firewall runs, for tools and consoles: the mode, single rules, narrow exceptions.
 *
 * @module
 */
export { exceptionMatcher, type FirewallParts, isReportedOnly, partsOf, switchable } from "./detectors/switches.ts";
export {
  addException,
  canBeExcepted,
  type ModeSwitch,
  type NewException,
  readSwitches,
  removeException,
  restoreException,
  type StoredException,
  type Switches,
  switchMode,
  switchRule,
} from "./stored-switches.ts";
