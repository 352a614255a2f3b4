import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { DecisionFilter } from "../../../src/api.ts";
import { addressOf, goTo } from "../route.ts";
import { useMedia } from "../ui/media.ts";
import { Field } from "../ui/parts.tsx";

const ACTIONS = ["allow", "block", "would-block"] as const;
const TEXTS = ["rule", "client", "path", "country", "status", "deployment"] as const;
/** A filter asks the server anew; not with each key. */
const TYPING_MS = 350;

/** The filter that an address carries; what makes no sense is left out. */
export function filterOf(query: URLSearchParams): DecisionFilter {
  const action = ACTIONS.find((name) => name === query.get("action"));
  const texts = TEXTS.flatMap((name) => {
    const text = query.get(name)?.trim() ?? "";
    const fits = text !== "" && (name !== "status" || /^\d{1,3}$/.test(text)) && (name !== "country" || /^[a-z]{2}$/i.test(text));
    return fits ? [[name, name === "country" ? text.toUpperCase() : text]] : [];
  });
  return { ...Object.fromEntries(texts), ...(action !== undefined && { action }) };
}

const FIELDS: readonly (readonly [name: (typeof TEXTS)[number], label: string, placeholder: string])[] = [
  ["rule", "Rule", "sql or sql/boolean"],
  ["client", "Client", "203.0.113.7"],
  ["path", "Path begins with", "/api/"],
  ["country", "Country", "DE"],
  ["status", "Status", "403 or 4"],
  ["deployment", "Deployment", "all"],
];

/** Filters of the feed, kept in the address so that a view can be sent to somebody. */
export function FilterBar({ filter }: { readonly filter: DecisionFilter }): JSX.Element {
  const [draft, setDraft] = useState<Readonly<Record<string, string>>>(() => textsOf(filter));
  const given = JSON.stringify(filter);
  useEffect(() => setDraft((now) => (sameFilter(now, given) ? now : textsOf(JSON.parse(given) as DecisionFilter))), [given]);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (!sameFilter(draft, given)) goTo(addressOf("live", "", draft), "replace");
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [draft, given]);
  const set = (name: string, value: string): void => setDraft({ ...draft, [name]: value });
  const isPhone = useMedia("(max-width: 760px)");
  // Most sites have one deployment; the overview leads here with another.
  const shown = FIELDS.filter(([name]) => name !== "deployment" || filter.deployment !== undefined);
  const form = (
    <form
      class={`filters ${shown.length === FIELDS.length ? "filters-more" : ""}`}
      aria-label="Filters"
      onSubmit={(event) => event.preventDefault()}
    >
      <Field label="Verdict">
        {(id) => (
          <select id={id} class="input" value={draft["action"] ?? ""} onChange={(event) => set("action", event.currentTarget.value)}>
            <option value="">All</option>
            <option value="block">Blocked</option>
            <option value="would-block">Would block</option>
            <option value="allow">Allowed</option>
          </select>
        )}
      </Field>
      {shown.map(([name, label, placeholder]) => (
        <Field key={name} label={label}>
          {(id) => (
            <input
              id={id}
              class="input"
              value={draft[name] ?? ""}
              placeholder={placeholder}
              maxLength={name === "country" ? 2 : name === "status" ? 3 : 200}
              inputMode={name === "status" ? "numeric" : "text"}
              autocomplete="off"
              spellcheck={false}
              onInput={(event) => set(name, event.currentTarget.value)}
            />
          )}
        </Field>
      ))}
      <button type="button" class="button" disabled={Object.keys(filter).length === 0} onClick={() => setDraft({})}>
        Clear
      </button>
    </form>
  );
  if (!isPhone) return form;
  const used = Object.keys(filter).length;
  return (
    <details class="card filters-folded">
      <summary>{used === 0 ? "Filters" : `Filters: ${used} in use`}</summary>
      {form}
    </details>
  );
}

const textsOf = (filter: DecisionFilter): Record<string, string> =>
  Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, String(value)]));

const sameFilter = (draft: Readonly<Record<string, string>>, given: string): boolean =>
  JSON.stringify(filterOf(new URLSearchParams({ ...draft }))) === given;
