import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { ApiProblem } from "../api/client.ts";

/** A question that has to be answered before going on. Escape answers no. */
export function Confirm(props: {
  readonly title: string;
  readonly action: string;
  readonly isDangerous?: boolean;
  readonly children: ComponentChildren;
  readonly onCancel: () => void;
  /** Closing is the caller's, once this has resolved. What it rejects with is shown here. */
  readonly onConfirm: () => Promise<void>;
}): JSX.Element {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState("");
  useEffect(() => {
    const shown = dialog.current;
    // The browser keeps the focus inside, and gives it back to what had it.
    if (shown?.open === false) shown.showModal();
    return () => shown?.close();
  }, []);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setFailure("");
    try {
      await props.onConfirm();
    } catch (error) {
      setFailure(error instanceof ApiProblem ? error.message : "That did not work.");
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={props.onCancel}>
      <form class="dialog-body" onSubmit={submit}>
        <h2 id={id}>{props.title}</h2>
        {props.children}
        {failure !== "" && (
          <p class="problem" role="alert">
            {failure}
          </p>
        )}
        <div class="dialog-foot">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class={`button ${props.isDangerous === true ? "button-bad" : "button-main"}`} disabled={isBusy}>
            {isBusy ? "One moment…" : props.action}
          </button>
        </div>
      </form>
    </dialog>
  );
}
