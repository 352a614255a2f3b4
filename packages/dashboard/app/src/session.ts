/**
 * Who is signed in, and what this console has.
 *
 * @module
 */
import { computed, effect, signal } from "@preact/signals";
import type { LoginRequest, PasswordRequest, Session } from "../../src/api.ts";
import { type ApiProblem, ask, csrfToken, isSignedOut } from "./api/client.ts";

/** The session with how far this computer's clock is from the server's. */
export interface KnownSession extends Session {
  readonly offsetMs: number;
}

/** `undefined` until the server has answered. */
export const session = signal<KnownSession | undefined>(undefined);
/** Why the session is not known. */
export const sessionProblem = signal<ApiProblem | undefined>(undefined);
/** True where nothing may be changed. */
export const isReadOnly = computed(() => session.value?.readOnly !== false);

function know(given: Session): void {
  csrfToken.value = given.csrf;
  isSignedOut.value = false;
  sessionProblem.value = undefined;
  session.value = { ...given, offsetMs: given.now - Date.now() };
}

/** Asks who is signed in. Never rejects. */
export async function loadSession(): Promise<void> {
  try {
    know(await ask<Session>("GET", "session"));
  } catch (problem) {
    sessionProblem.value = problem as ApiProblem;
  }
}

/** Signs in with the one-time token or the password. Rejects with what the server said. */
export const logIn = async (request: LoginRequest): Promise<void> => know(await ask<Session>("POST", "login", { body: request }));

/** Sets the password. Rejects with what the server said. */
export const setPassword = async (request: PasswordRequest): Promise<void> =>
  know(await ask<Session>("POST", "password", { body: request }));

export const logOut = async (): Promise<void> => know(await ask<Session>("POST", "logout"));

/** From now on: an answer that says nobody is signed in leads to the sign-in page. */
export function startSession(): void {
  void loadSession();
  effect(() => {
    if (isSignedOut.value) void loadSession();
  });
}
