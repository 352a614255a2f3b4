import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ModeState, RuleEntry, RuleList } from "../../../src/api.ts";
import { change, tryChange } from "../api/change.ts";
import { ask } from "../api/client.ts";
import { useResource } from "../api/resource.ts";
import { clockTime, count, dateTime, relative } from "../format.ts";
import { addressOf } from "../route.ts";
import { isReadOnly, session } from "../session.ts";
import { Prose, Shown } from "../text/shown.tsx";
import { visibleText } from "../text/visible.ts";
import { Confirm } from "../ui/dialog.tsx";
import { Badge, Card, Empty, Field, Loading, PageHead, Problem, SearchField, Switch } from "../ui/parts.tsx";

type Show = "all" | "busy" | "report";

/** Every rule, with what it found, and whether it blocks or only reports. */
export function RulesPage(): JSX.Element {
  const { value, problem, isLoading, reload } = useResource<RuleList>((signal) => ask("GET", "rules", { signal }), [], ["rules"]);
  const [search, setSearch] = useState("");
  const [show, setShow] = useState<Show>("all");
  const wanted = search.trim().toLowerCase();
  const fitting =
    value?.rules.filter(
      ({ rule, about, mode, found }) =>
        (rule.toLowerCase().includes(wanted) || (about?.toLowerCase().includes(wanted) ?? false)) &&
        (show === "all" || (show === "busy" ? found > 0 : mode === "report")),
    ) ?? [];
  const detectors = Object.entries(byDetector(fitting));
  if (session.value?.has.switches === false) return <NoSwitches title="Rules" />;
  return (
    <div class="page" aria-busy={isLoading}>
      <PageHead
        title="Rules"
        lead="A rule that only reports shows what it finds, scores nothing and blocks nothing. Every process heeds a change within a second."
      />
      <ModeCard />
      {problem !== undefined && <Problem problem={problem} retry={reload} />}
      <form class="filters filters-short" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
        <SearchField label="Find a rule" value={search} onChange={setSearch} />
        <Field label="Show">
          {(id) => (
            <select id={id} class="input" value={show} onChange={(event) => setShow(event.currentTarget.value as Show)}>
              <option value="all">All rules</option>
              <option value="busy">Found something lately</option>
              <option value="report">Only reporting</option>
            </select>
          )}
        </Field>
        {value !== undefined && (
          <p class="muted small filters-count" role="status">
            {count(fitting.length)} of {count(value.rules.length)} rules, counted {sinceText(value.since)}
          </p>
        )}
      </form>
      {value === undefined && problem === undefined && (
        <Card title="Rules">
          <Loading what="rules" lines={8} />
        </Card>
      )}
      {value !== undefined && fitting.length === 0 && (
        <div class="card">
          <Empty title="No rule fits" icon="rules">
            <p>Change what you look for.</p>
          </Empty>
        </div>
      )}
      {detectors.map(([detector, rules]) => (
        <Card key={detector} title={<Shown text={detector} limit={60} what="the detector" class="detector" />} isFlush>
          <ul class="entries">
            {rules.map((rule) => (
              <RuleItem key={rule.rule} entry={rule} reload={reload} />
            ))}
          </ul>
        </Card>
      ))}
    </div>
  );
}

/** In the place of what needs a firewall whose rules can be switched while it runs. */
export const NoSwitches = ({ title }: { readonly title: string }): JSX.Element => (
  <div class="page">
    <PageHead title={title} />
    <div class="card">
      <Empty title="This firewall cannot be switched while it runs" icon="rules">
        <p>
          Its rules and its mode are those of its configuration. The recommended set can be switched; a set of your own needs the switches
          detector.
        </p>
      </Empty>
    </div>
  </div>
);

function byDetector(rules: readonly RuleEntry[]): Readonly<Record<string, readonly RuleEntry[]>> {
  const groups: Record<string, RuleEntry[]> = Object.create(null);
  for (const rule of rules) {
    const group = groups[rule.detector] ?? [];
    groups[rule.detector] = group;
    group.push(rule);
  }
  return groups;
}

function RuleItem({ entry, reload }: { readonly entry: RuleEntry; readonly reload: () => void }): JSX.Element {
  const { rule, about, mode, by, since, suspendedUntil, found, blocked } = entry;
  const now = Date.now() + (session.value?.offsetMs ?? 0);
  const set = (enforces: boolean): Promise<boolean> =>
    tryChange(
      {
        method: "PUT",
        path: `rules/${rule.split("/").map(encodeURIComponent).join("/")}`,
        body: { mode: enforces ? "enforce" : "report" },
      },
      enforces ? `${rule} blocks again.` : `${rule} only reports.`,
      reload,
    );
  return (
    <li class="entry rule-entry">
      <div>
        <a class="rule-name" href={addressOf("live", "", { rule })}>
          <Shown text={rule} limit={100} what="the rule" />
        </a>{" "}
        {suspendedUntil !== undefined && suspendedUntil > now && (
          <Badge tone="warn">Suspended by the breaker, ends {relative(suspendedUntil, now)}</Badge>
        )}
        {about !== undefined && (
          <p class="muted small">
            <Prose text={about} />
          </p>
        )}
        {by !== undefined && since !== undefined && (
          <p class="muted small">
            set by {visibleText(by, 60)}, {dateTime(since)}
          </p>
        )}
      </div>
      <p class="rule-figures muted small number">
        {found === 0 ? (
          "nothing"
        ) : (
          <>
            <strong>{count(found)}</strong> found, <strong>{count(blocked)}</strong> blocked
          </>
        )}
      </p>
      <Switch
        label={visibleText(rule, 80)}
        isOn={mode === "enforce"}
        words={["Report", "Enforce"]}
        isDisabled={isReadOnly.value}
        onChange={set}
      />
    </li>
  );
}

/** Counts begin anew with each process: after a restart, "today" would be a lie. */
const sinceText = (since: number): string =>
  Date.now() + (session.value?.offsetMs ?? 0) - since > 23 * 3_600_000 ? "for 24 hours" : `since ${clockTime(since)}`;

/** The mode of the whole firewall, with a question before it changes. */
function ModeCard(): JSX.Element {
  const { value, problem, reload } = useResource<ModeState>((signal) => ask("GET", "mode", { signal }), [], ["mode"]);
  const [isAsking, setAsking] = useState(false);
  if (problem !== undefined && value === undefined) return <Problem problem={problem} retry={reload} />;
  if (value === undefined) {
    return (
      <Card title="Mode">
        <Loading what="the mode" lines={2} />
      </Card>
    );
  }
  const next = value.mode === "enforce" ? "report" : "enforce";
  return (
    <Card
      title={
        <span class="row">
          Mode
          <ModeBadge mode={value.mode} />
        </span>
      }
      aside={
        <button type="button" class="button" disabled={isReadOnly.value} onClick={() => setAsking(true)}>
          {next === "enforce" ? "Enforce…" : "Only report…"}
        </button>
      }
    >
      <p class="muted">
        {value.mode === "enforce"
          ? "What the rules decide is carried out."
          : "Nothing is blocked: decisions only say what enforcement would have done."}
        {value.configured !== value.mode && ` The configuration says “${value.configured}”; it was switched here`}
        {value.configured !== value.mode && value.by !== undefined && ` by ${visibleText(value.by, 60)}`}
        {value.configured !== value.mode && "."}
      </p>
      {isAsking && <ModeQuestion next={next} onClose={() => setAsking(false)} reload={reload} />}
    </Card>
  );
}

/** The mode as a badge. */
export const ModeBadge = ({ mode }: { readonly mode: "report" | "enforce" }): JSX.Element => (
  <Badge tone={mode === "enforce" ? "good" : "warn"}>{mode === "enforce" ? "Enforcing" : "Reporting"}</Badge>
);

/** Asks before the whole firewall changes what it does. */
export const ModeQuestion = (props: {
  readonly next: "report" | "enforce";
  readonly onClose: () => void;
  readonly reload: () => void;
}): JSX.Element => (
  <Confirm
    title={props.next === "enforce" ? "Enforce?" : "Only report?"}
    action={props.next === "enforce" ? "Enforce" : "Only report"}
    isDangerous={props.next === "report"}
    onCancel={props.onClose}
    onConfirm={async () => {
      const text = props.next === "enforce" ? "The firewall enforces." : "The firewall only reports.";
      await change({ method: "PUT", path: "mode", body: { mode: props.next } }, text, props.reload);
      props.onClose();
    }}
  >
    <p>
      {props.next === "enforce"
        ? "From now on requests that reach the threshold are answered by the firewall, and offenders are banned. Paths with a mode of their own keep it."
        : "From now on nothing is blocked, except on paths with a mode of their own. The site stands without protection."}
    </p>
  </Confirm>
);
