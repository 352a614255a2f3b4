import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { ChangeEvent } from "../../../src/api.ts";
import { onChange } from "./changes.ts";
import type { ApiProblem } from "./client.ts";

/** A page that was out of sight for longer asks again. */
const AWAY_MS = 10_000;

/** Something that is fetched: what is known of it now, and how to ask again. */
export interface Resource<T> {
  /** The last answer; stays while a newer one is on its way. */
  readonly value: T | undefined;
  readonly problem: ApiProblem | undefined;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

/**
 * Loads when first shown, whenever `keys` change, and when anybody changed something of `what`. An answer to an older question is dropped.
 */
export function useResource<T>(
  load: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[],
  what: readonly ChangeEvent["what"][] = [],
): Resource<T> {
  const [state, setState] = useState<{ value?: T; problem?: ApiProblem; isLoading: boolean }>({ isLoading: true });
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const abort = new AbortController();
    setState(({ value }) => ({ ...(value !== undefined && { value }), isLoading: true }));
    latest
      .current(abort.signal)
      .then((value) => {
        if (!abort.signal.aborted) setState({ value, isLoading: false });
      })
      .catch((problem: ApiProblem) => {
        if (!abort.signal.aborted) setState(({ value }) => ({ ...(value !== undefined && { value }), problem, isLoading: false }));
      });
    return () => abort.abort();
  }, [round, ...keys]);
  // Somebody else may have changed it while this page lay behind others.
  useEffect(() => {
    let hiddenAt = 0;
    const look = (): void => {
      if (document.visibilityState === "hidden") hiddenAt = Date.now();
      else if (Date.now() - hiddenAt > AWAY_MS) setRound((last) => last + 1);
    };
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  useEffect(() => onChange(what, () => setRound((last) => last + 1)), [what.join()]);
  const reload = useCallback(() => setRound((last) => last + 1), []);
  return { value: state.value, problem: state.problem, isLoading: state.isLoading, reload };
}
