import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { DecisionFilter, OverviewCut } from "../../../src/api.ts";
import { addressOf, goTo } from "../route.ts";
import { useMedia } from "../ui/media.ts";
import { Field } from "../ui/parts.tsx";

const ACTIONS = ["allow", "block", "would-block"] as const;
/** A filter asks the server anew; not with each key. */
const TYPING_MS = 350;

interface FilterField {
  readonly label: string;
  readonly placeholder: string;
  /** What makes sense; everything does, where it is absent. */
  readonly pattern?: RegExp;
  readonly isUpper?: boolean;
  readonly longest?: number;
  /** Shown only while it is in use: most sites have no need of it. */
  readonly isRare?: boolean;
}

const FIELDS = {
  rule: { label: "Rule", placeholder: "sql or sql/boolean" },
  client: { label: "Client", placeholder: "203.0.113.7" },
  path: { label: "Path begins with", placeholder: "/api/" },
  route: { label: "Route", placeholder: "/users/:id", isRare: true },
  country: { label: "Country", placeholder: "DE", pattern: /^[a-z]{2}$/i, isUpper: true, longest: 2 },
  asn: { label: "Network (AS)", placeholder: "64496", pattern: /^\d{1,10}$/, longest: 10, isRare: true },
  status: { label: "Status", placeholder: "403 or 4", pattern: /^\d{1,3}$/, longest: 3 },
  deployment: { label: "Deployment", placeholder: "all", isRare: true },
} as const satisfies Readonly<Record<string, FilterField>>;

type FieldName = keyof typeof FIELDS;

const LIVE: readonly FieldName[] = ["rule", "client", "path", "country", "status", "route", "asn", "deployment"];
const CUT: readonly FieldName[] = ["path", "country", "asn", "route"];

type Texts = Readonly<Record<string, string>>;

function textsIn(query: URLSearchParams, names: readonly FieldName[]): Texts {
  const texts = names.flatMap((name) => {
    const { pattern, isUpper }: FilterField = FIELDS[name];
    const text = query.get(name)?.trim() ?? "";
    return text === "" || pattern?.test(text) === false ? [] : [[name, isUpper === true ? text.toUpperCase() : text]];
  });
  return Object.fromEntries(texts) as Texts;
}

/** The filter that an address carries; what makes no sense is left out. Numbers are still texts, as queries have them. */
export function filterOf(query: URLSearchParams): DecisionFilter {
  const action = ACTIONS.find((name) => name === query.get("action"));
  return { ...textsIn(query, LIVE), ...(action !== undefined && { action }) };
}

/** The part of the traffic that an address of the overview names. */
export const cutOf = (query: URLSearchParams): OverviewCut => textsIn(query, CUT);

/** Filters of the feed, kept in the address so that a view can be sent to somebody. */
export const FilterBar = ({ filter }: { readonly filter: DecisionFilter }): JSX.Element => (
  <Bar
    label="Filters"
    names={LIVE}
    given={filter as Texts}
    read={(query) => filterOf(query) as Texts}
    go={(draft) => goTo(addressOf("live", "", draft), "replace")}
    hasVerdict
  />
);

/** Which part of the traffic the figures are about; `kept` stays in the address beside it. */
export const CutBar = ({ cut, kept }: { readonly cut: OverviewCut; readonly kept: Texts }): JSX.Element => (
  <Bar
    label="Only a part of the traffic"
    names={CUT}
    given={cut as Texts}
    read={(query) => textsIn(query, CUT)}
    go={(draft) => goTo(addressOf("overview", "", { ...draft, ...kept }), "replace")}
    isFolded
  />
);

function Bar(props: {
  readonly label: string;
  readonly names: readonly FieldName[];
  readonly given: Texts;
  readonly read: (query: URLSearchParams) => Texts;
  readonly go: (draft: Texts) => void;
  readonly hasVerdict?: boolean;
  readonly isFolded?: boolean;
}): JSX.Element {
  const { names, read, go } = props;
  const given = JSON.stringify(props.given);
  const [draft, setDraft] = useState<Texts>(props.given);
  const isGiven = (texts: Texts): boolean => JSON.stringify(read(new URLSearchParams({ ...texts }))) === given;
  useEffect(() => setDraft((now) => (isGiven(now) ? now : (JSON.parse(given) as Texts))), [given]);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (!isGiven(draft)) go(draft);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [draft, given]);
  const set = (name: string, value: string): void => setDraft({ ...draft, [name]: value });
  const isPhone = useMedia("(max-width: 760px)");
  const shown = names.filter((name) => props.isFolded === true || !("isRare" in FIELDS[name]) || name in props.given);
  const used = Object.keys(props.given).length;
  const form = (
    <form
      class={`filters ${props.hasVerdict !== true || shown.length > 5 ? "filters-more" : ""}`}
      aria-label={props.label}
      onSubmit={(event) => event.preventDefault()}
    >
      {props.hasVerdict === true && (
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
      )}
      {shown.map((name) => (
        <Field key={name} label={FIELDS[name].label}>
          {(id) => (
            <input
              id={id}
              class="input"
              value={draft[name] ?? ""}
              placeholder={FIELDS[name].placeholder}
              maxLength={(FIELDS[name] as FilterField).longest ?? 200}
              autocomplete="off"
              spellcheck={false}
              onInput={(event) => set(name, event.currentTarget.value)}
            />
          )}
        </Field>
      ))}
      <button type="button" class="button" disabled={used === 0} onClick={() => setDraft({})}>
        Clear
      </button>
    </form>
  );
  if (!isPhone && props.isFolded !== true) return form;
  return (
    <details class="card filters-folded" open={props.isFolded === true && used > 0}>
      <summary>{used === 0 ? props.label : `${props.label}: ${used} in use`}</summary>
      {form}
    </details>
  );
}
