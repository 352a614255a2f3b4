import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ExceptionEntry, ExceptionList, ExemptionEntry, ExemptionList } from "../../../src/api.ts";
import { change, tryChange } from "../api/change.ts";
import { ask } from "../api/client.ts";
import { type Resource, useResource } from "../api/resource.ts";
import { dateTime, relative } from "../format.ts";
import { isReadOnly, session } from "../session.ts";
import { Shown } from "../text/shown.tsx";
import { visibleText } from "../text/visible.ts";
import { Confirm } from "../ui/dialog.tsx";
import { Card, Empty, Field, Loading, PageHead, Problem, Segmented } from "../ui/parts.tsx";
import { DraftText } from "./exception-maker.tsx";

/** What is left out: single rules at single places, and clients or paths that are exempt. */
export function ExceptionsPage(): JSX.Element {
  const exceptions = useResource<ExceptionList>((signal) => ask("GET", "exceptions", { signal }), [], ["exceptions"]);
  const exemptions = useResource<ExemptionList>((signal) => ask("GET", "exemptions", { signal }), [], ["exemptions"]);
  const [isAdding, setAdding] = useState(false);
  return (
    <div class="page">
      <PageHead
        title="Exceptions"
        lead="An exception leaves out one rule at one place. An exemption leaves a client or a path out of more, and should be rare."
      />
      <Card title="Exceptions of rules" isFlush>
        <List resource={exceptions} what="exceptions">
          {(value) =>
            value.exceptions.length === 0 ? (
              <Empty title="No exceptions" icon="exceptions">
                <p>To add one, open a blocked decision and choose “Preview on the last day”.</p>
              </Empty>
            ) : (
              <ul class="entries">
                {value.exceptions.map((entry) => (
                  <ExceptionItem key={entry.id} entry={entry} reload={exceptions.reload} />
                ))}
              </ul>
            )
          }
        </List>
      </Card>
      <Card
        title="Exempt clients and paths"
        isFlush
        aside={
          <button type="button" class="button" disabled={isReadOnly.value} onClick={() => setAdding(true)}>
            Exempt a client or path
          </button>
        }
      >
        <List resource={exemptions} what="exemptions">
          {(value) =>
            value.exemptions.length === 0 ? (
              <Empty title="Nothing is exempt" icon="shield">
                <p>Monitors, health checks and your own office can be exempt.</p>
              </Empty>
            ) : (
              <ul class="entries">
                {value.exemptions.map((entry) => (
                  <ExemptionItem key={`${entry.list} ${entry.name}`} entry={entry} reload={exemptions.reload} />
                ))}
              </ul>
            )
          }
        </List>
      </Card>
      {isAdding && <AddExemption onClose={() => setAdding(false)} reload={exemptions.reload} />}
    </div>
  );
}

function List<T>(props: {
  readonly resource: Resource<T>;
  readonly what: string;
  readonly children: (value: T) => JSX.Element;
}): JSX.Element {
  const { value, problem, reload } = props.resource;
  return (
    <div class="card-flush-body" aria-busy={props.resource.isLoading}>
      {problem !== undefined && <Problem problem={problem} retry={reload} />}
      {value !== undefined ? props.children(value) : problem === undefined && <Loading what={props.what} lines={3} />}
    </div>
  );
}

function Meta({
  entry,
}: {
  readonly entry: { readonly since: number; readonly until?: number; readonly by?: string; readonly reason: string };
}): JSX.Element {
  const now = Date.now() + (session.value?.offsetMs ?? 0);
  return (
    <p class="muted small entry-meta">
      {entry.reason !== "" && (
        <>
          <Shown text={`“${entry.reason}”`} limit={140} what="the reason" class="prose" /> ·{" "}
        </>
      )}
      since {dateTime(entry.since)}
      {entry.by !== undefined && ` by ${visibleText(entry.by, 60)}`}
      {entry.until !== undefined && `, ends ${relative(entry.until, now)}`}
    </p>
  );
}

function ExceptionItem({ entry, reload }: { readonly entry: ExceptionEntry; readonly reload: () => void }): JSX.Element {
  return (
    <li class="entry">
      <div>
        <DraftText draft={entry} />
        <Meta entry={entry} />
      </div>
      <button
        type="button"
        class="button"
        disabled={isReadOnly.value}
        aria-label={`Remove the exception of ${visibleText(entry.rule, 60)} on ${visibleText(entry.path, 60)}`}
        onClick={() =>
          tryChange(
            { method: "DELETE", path: `exceptions/${encodeURIComponent(entry.id)}` },
            `The exception of ${visibleText(entry.rule, 60)} was removed.`,
            reload,
          )
        }
      >
        Remove
      </button>
    </li>
  );
}

function ExemptionItem({ entry, reload }: { readonly entry: ExemptionEntry; readonly reload: () => void }): JSX.Element {
  const { list, name, from } = entry;
  return (
    <li class="entry">
      <div>
        <span class="muted">{list === "exempt" ? "Client" : "Path"}</span>{" "}
        <code>
          <Shown text={name} limit={120} what="the exemption" />
        </code>
        {from !== undefined && (
          <span class="muted">
            {" "}
            from <Shown text={from.join(", ")} limit={100} what="the rules" />
          </span>
        )}
        <Meta entry={entry} />
      </div>
      <button
        type="button"
        class="button"
        disabled={isReadOnly.value}
        aria-label={`Remove the exemption of ${visibleText(name, 60)}`}
        onClick={() =>
          tryChange(
            { method: "DELETE", path: "exemptions", body: { list, name } },
            `${visibleText(name, 60)} is not exempt any more.`,
            reload,
          )
        }
      >
        Remove
      </button>
    </li>
  );
}

function AddExemption({ onClose, reload }: { readonly onClose: () => void; readonly reload: () => void }): JSX.Element {
  const [list, setList] = useState<"exempt" | "exempt-path">("exempt");
  const [name, setName] = useState("");
  const [reason, setReason] = useState("");
  return (
    <Confirm
      title="Exempt a client or path"
      action="Exempt"
      onCancel={onClose}
      onConfirm={async () => {
        const body = { list, name: name.trim(), ...(reason !== "" && { reason }) };
        await change({ method: "POST", path: "exemptions", body }, `${visibleText(name.trim(), 60)} is exempt.`, reload);
        onClose();
      }}
    >
      <Segmented
        label="What is exempt"
        value={list}
        onChange={setList}
        options={[
          ["exempt", "Client"],
          ["exempt-path", "Path"],
        ]}
      />
      <Field
        label={list === "exempt" ? "Address or range" : "Path"}
        hint={list === "exempt" ? "192.0.2.7 or 192.0.2.0/24" : "/health, or /hooks/** for all below it"}
      >
        {(id) => (
          <input
            id={id}
            class="input mono"
            required
            maxLength={200}
            value={name}
            autocomplete="off"
            spellcheck={false}
            aria-describedby={`${id}-hint`}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label="Reason">
        {(id) => <input id={id} class="input" maxLength={200} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />}
      </Field>
    </Confirm>
  );
}
