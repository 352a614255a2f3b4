import type { JSX } from "preact";
import type { Preview } from "../../../src/api.ts";
import { count, dateTime } from "../format.ts";
import { Shown } from "../text/shown.tsx";
import { visibleText } from "../text/visible.ts";
import { Badge } from "../ui/parts.tsx";

const CLIENTS_SHOWN = 6;

/** What an exception would have done to the last day, the worrying first. */
export function PreviewResult({ preview }: { readonly preview: Preview }): JSX.Element {
  const { replayed, wouldPass, afterBan, stillStopped, attacks, hostileClients, letsDecisionPass, warnings, truncated } = preview;
  return (
    <div class="stack preview" role="status">
      <p class={hostileClients > 0 ? "note" : "note note-good"}>
        <strong>{counted(wouldPass, "request")} of the last day would have been decided differently</strong>
        {hostileClients > 0
          ? `: ${attacks === wouldPass ? "all" : count(attacks)} of them from ${counted(hostileClients, "client")} that other rules hold to be hostile.`
          : ": let through, none of them from a client that other rules hold to be hostile."}
      </p>
      {letsDecisionPass === false && <p class="note">This very request would still be stopped: another rule stops it, too.</p>}
      <ul class="muted small preview-facts">
        <li>
          The rule stopped {counted(replayed, "request")} from {dateTime(preview.from)} to {dateTime(preview.to)}
          {truncated ? "; there were more than that" : ""}.
        </li>
        {stillStopped > 0 && <li>{counted(stillStopped, "request")} at this place would still be stopped, by other rules.</li>}
        {afterBan > 0 && <li>{counted(afterBan, "request")} were refused only by a ban that would not have been made.</li>}
      </ul>
      {warnings.map((warning) => (
        <p key={warning} class="note">
          <Shown text={warning} limit={240} what="the warning" class="prose" />
        </p>
      ))}
      <Clients preview={preview} />
      <Samples preview={preview} />
    </div>
  );
}

const counted = (amount: number, of: string): string => `${count(amount)} ${of}${amount === 1 ? "" : "s"}`;

function Clients({ preview }: { readonly preview: Preview }): JSX.Element | null {
  const { clients } = preview;
  if (clients.length === 0) return null;
  const more = clients.length - CLIENTS_SHOWN;
  return (
    <div>
      <h3>Whose requests would pass</h3>
      <ul class="preview-list">
        {clients.slice(0, CLIENTS_SHOWN).map(({ client, wouldPass, hostile, reasons, country }) => (
          <li key={client}>
            <span class="row">
              <Shown text={client} limit={60} what="the client" />
              {country !== undefined && <span class="muted small">{visibleText(country, 6)}</span>}
              {hostile && <Badge tone="bad">Looks hostile</Badge>}
              <span class="muted small number preview-count">{count(wouldPass)}</span>
            </span>
            {reasons.length > 0 && (
              <span class="muted small">
                <Shown text={reasons.join(" ")} limit={160} what="the reasons" class="prose" />
              </span>
            )}
          </li>
        ))}
      </ul>
      {more > 0 && <p class="muted small">and {count(more)} more</p>}
    </div>
  );
}

function Samples({ preview }: { readonly preview: Preview }): JSX.Element | null {
  if (preview.samples.length === 0) return null;
  return (
    <details>
      <summary class="small">{count(preview.samples.length)} of these requests</summary>
      <ul class="preview-list">
        {preview.samples.map((record) => (
          <li key={record.id}>
            <code>
              <Shown text={`${record.method} ${record.url}`} limit={200} what="the request" />
            </code>
          </li>
        ))}
      </ul>
    </details>
  );
}
