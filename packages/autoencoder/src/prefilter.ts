/**
 * Which requests are worth a second opinion before they are answered.
 *
 * @module
 */

/** What injections are made of, plain or as an escape, and paths that climb. Words and numbers joined by what addresses are made of have none of it. */
const SUSPICIOUS =
  /["'<>(){}[\]|;`$\\^!*]|[\0-\x1f\x7f-\uffff]|%(?![46][1-9a-fA-F]|[57][0-9aA]|3[0-9aA]|2[b-fB-F]|20|40|5[fF]|7[eE])|\.\.|--|\/\//;

/** True where the target or form has what injections are made of, or the path can be read in two ways. Linear; tens of nanoseconds for a plain target. */
export const isSuspicious = (isCanonical: boolean, target: string, form: string | undefined): boolean =>
  !isCanonical || SUSPICIOUS.test(target) || (form !== undefined && SUSPICIOUS.test(form));
