/**
 * What counts as a login.
 *
 * @module
 */

/** Paths that frameworks and people give to logins. */
export const LOGIN_PATHS: readonly string[] = [
  "/login",
  "/log-in",
  "/signin",
  "/sign-in",
  "/auth/login",
  "/auth/signin",
  "/account/login",
  "/accounts/login",
  "/user/login",
  "/users/login",
  "/users/sign_in",
  "/admin/login",
  "/api/login",
  "/api/signin",
  "/api/auth/login",
  "/api/v1/login",
  "/api/v1/auth/login",
];

const USUAL: ReadonlySet<string> = new Set(LOGIN_PATHS);
const LONGEST = 1 + Math.max(...LOGIN_PATHS.map((path) => path.length));

/** The bucket of limits that logins share. A path rule with a limit in it says that its path is a login. */
export const LOGIN_BUCKET = "login";

/** Whether a canonical path is one of the usual logins, in any case and with or without a slash at its end. */
export function isLoginPath(path: string): boolean {
  if (path.length > LONGEST) return false;
  const end = path.endsWith("/") ? path.length - 1 : path.length;
  return USUAL.has(path.slice(0, end).toLowerCase());
}
