import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { DecisionDetail, ExceptionDraft, ExceptionEntry, Explanation, Preview, Undoable } from "../../../src/api.ts";
import { change } from "../api/change.ts";
import { ApiProblem, ask } from "../api/client.ts";
import { count } from "../format.ts";
import { isReadOnly } from "../session.ts";
import { Shown } from "../text/shown.tsx";
import { visibleText } from "../text/visible.ts";
import { Card, Field, Loading } from "../ui/parts.tsx";
import { PreviewResult } from "./preview-result.tsx";

const DAY_MS = 86_400_000;
const LENGTHS = [
  ["", "Until it is removed", undefined],
  ["1", "One day", DAY_MS],
  ["7", "A week", 7 * DAY_MS],
  ["30", "30 days", 30 * DAY_MS],
] as const;

/** The narrowest exceptions that let a request pass: replayed over the last day first, added with one click after that. */
export function ExceptionMaker({ detail, onAdded }: { readonly detail: DecisionDetail; readonly onAdded: () => void }): JSX.Element | null {
  const { explanation, record } = detail;
  const [chosen, setChosen] = useState(0);
  const [preview, setPreview] = useState<{ readonly of: number; readonly value: Preview } | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState("");
  const choices = choicesOf(explanation);
  const drafts = choices[chosen];
  if (explanation.outcome === "allowed") return null;
  if (drafts === undefined) {
    return (
      <Card title="If this was a mistake">
        <p class="muted">
          No exception of a rule would let this request pass: limits and bans are about the client. End the ban, or exempt the client.
        </p>
      </Card>
    );
  }
  const attempt = async (act: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setFailure("");
    try {
      await act();
    } catch (error) {
      setFailure(error instanceof ApiProblem ? error.message : "That did not work.");
    }
    setBusy(false);
  };
  const replay = (): Promise<void> =>
    attempt(async () => {
      const value = await ask<Preview>("POST", "exceptions/preview", { body: { ...bodyOf(drafts), decision: record.id } });
      setPreview({ of: chosen, value });
    });
  const shown = preview?.of === chosen ? preview.value : undefined;
  return (
    <Card title="If this was a mistake">
      <div class="stack">
        <p class="muted">Leave one rule out, for one path and one parameter. First see what that would have let through in the last day.</p>
        {explanation.counterfactual.without.length > 1 && (
          <p class="note note-calm">
            {explanation.counterfactual.without.length} rules stopped this request. It passes only with an exception for each, and they are
            added together.
          </p>
        )}
        <fieldset class="plain-fieldset stack drafts">
          <legend class="visually-hidden">Exception</legend>
          {choices.map((choice, index) => (
            <label key={JSON.stringify(choice)} class="draft">
              <input type="radio" name="draft" checked={index === chosen} onChange={() => setChosen(index)} />
              <span class="draft-set">
                {choice.map((one) => (
                  <DraftText key={JSON.stringify(one)} draft={one} />
                ))}
              </span>
              {index === 0 && choices.length > 1 && <span class="muted small">narrowest</span>}
            </label>
          ))}
        </fieldset>
        <p>
          <button type="button" class={`button ${shown === undefined ? "button-main" : ""}`} disabled={isBusy} onClick={replay}>
            {shown === undefined ? "Preview on the last day" : "Preview again"}
          </button>
        </p>
        {isBusy && <Loading what="the replay of the last day" lines={3} />}
        {failure !== "" && (
          <p class="problem" role="alert">
            {failure}
          </p>
        )}
        {shown !== undefined && !isBusy && (
          <>
            <PreviewResult preview={shown} />
            <AddForm key={chosen} drafts={drafts} preview={shown} onAdded={onAdded} attempt={attempt} />
          </>
        )}
        {explanation.pathRule !== undefined && (
          <details>
            <summary class="small">The same as configuration</summary>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keyboard */}
            <pre class="config" tabIndex={0}>
              <Shown text={explanation.pathRule} />
            </pre>
          </details>
        )}
      </div>
    </Card>
  );
}

/** What can be added at once: for each rule its narrowest exceptions, or for each rule the one for the whole path. */
function choicesOf({ exceptions }: Explanation): readonly (readonly ExceptionDraft[])[] {
  const wide = exceptions.filter(({ parameter }) => parameter === undefined);
  const narrow = exceptions.filter(({ parameter }) => parameter !== undefined);
  const narrowest = [...narrow, ...wide.filter(({ rule }) => !narrow.some((one) => one.rule === rule))];
  return [narrowest, ...(narrow.length > 0 ? [wide] : [])].filter(({ length }) => length > 0);
}

const bodyOf = ([first, ...also]: readonly ExceptionDraft[]): object => ({ ...first, ...(also.length > 0 && { also }) });

/** An exception in words. */
export const DraftText = ({ draft }: { readonly draft: ExceptionDraft }): JSX.Element => (
  <span class="draft-text">
    <code>
      <Shown text={draft.rule} limit={80} what="the rule" />
    </code>{" "}
    on{" "}
    <code>
      <Shown text={draft.path} limit={120} what="the path" />
    </code>
    {draft.parameter === undefined ? (
      ", wherever on that path"
    ) : (
      <>
        {" "}
        in{" "}
        <code>
          <Shown text={draft.parameter} limit={80} what="the parameter" />
        </code>
      </>
    )}
  </span>
);

function AddForm(props: {
  readonly drafts: readonly ExceptionDraft[];
  readonly preview: Preview;
  readonly onAdded: () => void;
  readonly attempt: (act: () => Promise<void>) => Promise<void>;
}): JSX.Element {
  const { drafts, preview } = props;
  const [reason, setReason] = useState("");
  const [length, setLength] = useState("");
  const lengthMs = LENGTHS.find(([name]) => name === length)?.[2];
  const add = (event: Event): Promise<void> => {
    event.preventDefault();
    return props.attempt(async () => {
      const body = { ...bodyOf(drafts), ...(reason !== "" && { reason }), ...(lengthMs !== undefined && { until: Date.now() + lengthMs }) };
      const rules = [...new Set(drafts.map(({ rule }) => rule))].map((rule) => visibleText(rule, 60)).join(", ");
      const text = `Exception added: ${rules} ${drafts.length === 1 ? "is" : "are"} left out on ${visibleText(drafts[0]?.path ?? "", 60)}.`;
      await change<ExceptionEntry & Undoable>({ method: "POST", path: "exceptions", body }, text, props.onAdded);
    });
  };
  return (
    <form class="stack" onSubmit={add}>
      <Field label="Reason (for whoever reads this later)">
        {(id) => (
          <input
            id={id}
            class="input"
            maxLength={200}
            value={reason}
            autocomplete="off"
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label="For how long">
        {(id) => (
          <select id={id} class="input" value={length} onChange={(event) => setLength(event.currentTarget.value)}>
            {LENGTHS.map(([name, text]) => (
              <option key={name} value={name}>
                {text}
              </option>
            ))}
          </select>
        )}
      </Field>
      <p>
        <button
          type="submit"
          class={`button button-wrap ${preview.hostileClients > 0 ? "button-bad" : "button-main"}`}
          disabled={isReadOnly.value}
        >
          {preview.hostileClients > 0
            ? `Add although ${count(preview.hostileClients)} of these clients ${preview.hostileClients === 1 ? "looks" : "look"} hostile`
            : drafts.length === 1
              ? "Add this exception"
              : `Add these ${count(drafts.length)} exceptions`}
        </button>
      </p>
    </form>
  );
}
