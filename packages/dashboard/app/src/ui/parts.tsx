import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import type { ApiProblem } from "../api/client.ts";
import { Icon, type IconName } from "./icons.tsx";

/** The colour of a badge: what is good, bad, or worth a look. */
export type Tone = "plain" | "good" | "bad" | "warn" | "accent";

export const Badge = ({ tone = "plain", children }: { readonly tone?: Tone; readonly children: ComponentChildren }): JSX.Element => (
  <span class={`badge badge-${tone}`}>{children}</span>
);

/** A box with a heading. */
export function Card(props: {
  readonly title: ComponentChildren;
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
  /** The content brings its own distance from the edge, as tables do. */
  readonly isFlush?: boolean;
  readonly class?: string;
}): JSX.Element {
  const id = useId();
  return (
    <section class={`card ${props.class ?? ""}`} aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>{props.title}</h2>
        {props.aside}
      </div>
      <div class={props.isFlush === true ? "card-flush" : "card-body"}>{props.children}</div>
    </section>
  );
}

/** What stands where there is nothing to show, and what to do about it. */
export const Empty = (props: { readonly title: string; readonly icon?: IconName; readonly children?: ComponentChildren }): JSX.Element => (
  <div class="empty">
    <Icon name={props.icon ?? "check"} size={28} />
    <strong>{props.title}</strong>
    {props.children}
  </div>
);

/** What went wrong, with another try. */
export const Problem = ({ problem, retry }: { readonly problem: ApiProblem; readonly retry?: () => void }): JSX.Element => (
  <div class="problem" role="alert">
    <span>{problem.message}</span>
    {retry !== undefined && (
      <button type="button" class="button" onClick={retry}>
        Try again
      </button>
    )}
  </div>
);

/** Grey lines in the place of what is on its way. */
export const Loading = ({ lines = 4, what }: { readonly lines?: number; readonly what: string }): JSX.Element => (
  <div class="stack" role="status">
    <span class="visually-hidden">Loading {what}…</span>
    {Array.from({ length: lines }, (_, index) => (
      <div key={index} class="skeleton" style={{ width: `${90 - ((index * 23) % 50)}%` }} />
    ))}
  </div>
);

/** One of a few choices, side by side. */
export function Segmented<T extends string>(props: {
  readonly label: string;
  readonly options: readonly (readonly [value: T, text: string])[];
  readonly value: T;
  readonly onChange: (value: T) => void;
}): JSX.Element {
  return (
    <fieldset class="segmented plain-fieldset">
      <legend class="visually-hidden">{props.label}</legend>
      {props.options.map(([value, text]) => (
        <button key={value} type="button" aria-pressed={value === props.value} onClick={() => props.onChange(value)}>
          {text}
        </button>
      ))}
    </fieldset>
  );
}

/** On or off, with the words for both. */
export const Switch = (props: {
  readonly label: string;
  readonly isOn: boolean;
  readonly words: readonly [off: string, on: string];
  readonly isDisabled?: boolean;
  readonly onChange: (isOn: boolean) => void;
}): JSX.Element => (
  <button
    type="button"
    class="switch"
    role="switch"
    aria-checked={props.isOn}
    aria-label={`${props.label}: ${props.words[0]} or ${props.words[1]}`}
    disabled={props.isDisabled === true}
    onClick={() => props.onChange(!props.isOn)}
  >
    <span class="switch-track" />
    <span class="switch-text" aria-hidden="true">
      {props.words[props.isOn ? 1 : 0]}
    </span>
  </button>
);

/** A labelled input. */
export function Field(props: {
  readonly label: string;
  readonly children: (id: string) => ComponentChildren;
  readonly hint?: string;
}): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.children(id)}
      {props.hint !== undefined && (
        <p class="muted small" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
    </div>
  );
}

/** Where lists are searched in. */
export const SearchField = (props: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}): JSX.Element => (
  <Field label={props.label}>
    {(id) => (
      <input
        id={id}
        class="input"
        type="search"
        value={props.value}
        spellcheck={false}
        onInput={(event) => props.onChange(event.currentTarget.value)}
      />
    )}
  </Field>
);

/** The head of a page: what it is, what it is for, and what can be done. */
export const PageHead = (props: {
  readonly title: ComponentChildren;
  readonly lead?: ComponentChildren;
  readonly children?: ComponentChildren;
}): JSX.Element => (
  <div class="page-head">
    <div>
      <h1 tabIndex={-1}>{props.title}</h1>
      {props.lead !== undefined && <p>{props.lead}</p>}
    </div>
    {props.children !== undefined && <div class="toolbar">{props.children}</div>}
  </div>
);
