import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { BanEntry, BanList } from "../../../src/api.ts";
import { change, tryChange } from "../api/change.ts";
import { ask } from "../api/client.ts";
import { useResource } from "../api/resource.ts";
import { count, dateTime, duration, exactTime, relative } from "../format.ts";
import { addressOf } from "../route.ts";
import { isReadOnly, session } from "../session.ts";
import { Shown } from "../text/shown.tsx";
import { visibleText } from "../text/visible.ts";
import { Confirm } from "../ui/dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { Empty, Field, Loading, PageHead, Problem, SearchField } from "../ui/parts.tsx";

const LIMIT = 1_000;
const SHOWN_STEP = 100;
const LENGTHS = [
  ["1 hour", 3_600_000],
  ["1 day", 86_400_000],
  ["1 week", 604_800_000],
  ["30 days", 2_592_000_000],
] as const;

/** Who is banned, why and for how long; every ban can be ended, and that can be undone. */
export function BansPage(): JSX.Element {
  const { value, problem, isLoading, reload } = useResource<BanList>(
    (signal) => ask("GET", "bans", { query: { limit: LIMIT }, signal }),
    [],
    ["bans"],
  );
  const [search, setSearch] = useState("");
  const [shownCount, setShownCount] = useState(SHOWN_STEP);
  const [isAdding, setAdding] = useState(false);
  const [rule, setRule] = useState("");
  const [isEnding, setEnding] = useState(false);
  const wanted = search.trim().toLowerCase();
  const all = value?.bans ?? [];
  const byRule = new Map<string, number>();
  for (const ban of all) byRule.set(ban.rule, (byRule.get(ban.rule) ?? 0) + 1);
  const fitting = all.filter((ban) => (rule === "" || ban.rule === rule) && (ban.client.includes(wanted) || ban.rule.includes(wanted)));
  const ofRule = byRule.get(rule) ?? 0;
  return (
    <div class="page" aria-busy={isLoading}>
      <PageHead
        title="Bans"
        lead="Clients that are refused everything until their ban ends. Bans end by themselves; repeated ones last longer."
      >
        <button type="button" class="button" disabled={isReadOnly.value} onClick={() => setAdding(true)}>
          Ban a client
        </button>
      </PageHead>
      {problem !== undefined && <Problem problem={problem} retry={reload} />}
      <section class="card" aria-label="Running bans">
        <div class="card-head">
          <div class="row bans-filters">
            <SearchField label="Find by client or rule" value={search} onChange={setSearch} />
            {(byRule.size > 1 || rule !== "") && (
              <Field label="Banned by">
                {(id) => (
                  <select id={id} class="input" value={rule} onChange={(event) => setRule(event.currentTarget.value)}>
                    <option value="">All rules</option>
                    {[...byRule].map(([name, many]) => (
                      <option key={name} value={name}>
                        {visibleText(name, 60)} ({count(many)})
                      </option>
                    ))}
                  </select>
                )}
              </Field>
            )}
            {ofRule > 1 && (
              <button type="button" class="button" disabled={isReadOnly.value} onClick={() => setEnding(true)}>
                End all {count(ofRule)}…
              </button>
            )}
          </div>
          {value !== undefined && (
            <p class="muted small" role="status">
              {count(fitting.length)} of {count(value.bans.length)}
              {value.truncated ? `; only the newest ${count(LIMIT)} are listed` : ""}
            </p>
          )}
        </div>
        {value === undefined ? (
          problem === undefined && (
            <div class="card-body">
              <Loading what="bans" lines={5} />
            </div>
          )
        ) : fitting.length === 0 ? (
          <Empty title={value.bans.length === 0 ? "Nobody is banned" : "No ban fits"} icon="bans">
            <p>{value.bans.length === 0 ? "Bans that the firewall makes appear here." : "Change what you look for."}</p>
          </Empty>
        ) : (
          <BanTable bans={fitting.slice(0, shownCount)} reload={reload} />
        )}
        {fitting.length > shownCount && (
          <p class="more">
            <button type="button" class="button" onClick={() => setShownCount(shownCount + SHOWN_STEP)}>
              Show {count(Math.min(SHOWN_STEP, fitting.length - shownCount))} more
            </button>
          </p>
        )}
      </section>
      {isEnding && (
        <Confirm
          title={`End all bans by ${visibleText(rule, 60)}?`}
          action="End them"
          onCancel={() => setEnding(false)}
          onConfirm={async () => {
            await change({ method: "DELETE", path: "bans", body: { rule } }, `The bans by ${visibleText(rule, 60)} were ended.`, reload);
            setEnding(false);
            setRule("");
          }}
        >
          <p>At most 500 at once. The rule goes on banning: let it only report, or make an exception, if it is wrong.</p>
        </Confirm>
      )}
      {isAdding && <AddBan onClose={() => setAdding(false)} reload={reload} />}
    </div>
  );
}

function BanTable({ bans, reload }: { readonly bans: readonly BanEntry[]; readonly reload: () => void }): JSX.Element {
  const now = Date.now() + (session.value?.offsetMs ?? 0);
  return (
    <div class="table-box">
      <table class="table-cards">
        <thead>
          <tr>
            <th scope="col">Client</th>
            <th scope="col">Rule</th>
            <th scope="col">Since</th>
            <th scope="col">Ends</th>
            <th scope="col">Ban</th>
            <th scope="col">
              <span class="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {bans.map((ban) => {
            const { client, rule, since, until, strike } = ban;
            return (
              <tr key={client}>
                <th scope="row">
                  <a href={addressOf("live", "", { client })}>
                    <Shown text={client} limit={60} what="the client" />
                  </a>
                </th>
                <td data-name="Rule">
                  <code>
                    <Shown text={rule} limit={80} what="the rule" />
                  </code>
                </td>
                <td data-name="Since" class="number" title={exactTime(since)}>
                  {since === 0 ? "unknown" : dateTime(since)}
                </td>
                <td data-name="Ends" class="number" title={exactTime(Math.min(until, 8.64e15))}>
                  {until > now + 1e12 ? "never" : relative(until, now)}
                </td>
                <td data-name="Ban" class="number">
                  {strike === 1 ? "first" : `no. ${strike}`}
                </td>
                <td>
                  <span class="table-actions">
                    <button
                      type="button"
                      class="button"
                      disabled={isReadOnly.value}
                      aria-label={`End the ban of ${visibleText(client, 60)}`}
                      onClick={() =>
                        tryChange(
                          { method: "DELETE", path: "bans", body: { client } },
                          `The ban of ${visibleText(client, 60)} was ended.`,
                          reload,
                        )
                      }
                    >
                      <Icon name="undo" size={16} />
                      End
                    </button>
                  </span>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function AddBan({ onClose, reload }: { readonly onClose: () => void; readonly reload: () => void }): JSX.Element {
  const [client, setClient] = useState("");
  const [lengthMs, setLengthMs] = useState<number>(LENGTHS[1][1]);
  return (
    <Confirm
      title="Ban a client"
      action="Ban"
      isDangerous
      onCancel={onClose}
      onConfirm={async () => {
        const text = `${visibleText(client.trim(), 60)} is banned for ${duration(lengthMs)}.`;
        await change({ method: "POST", path: "bans", body: { client: client.trim(), lengthMs } }, text, reload);
        onClose();
      }}
    >
      <Field label="Address" hint="An IPv4 address, or any address of an IPv6 /64.">
        {(id) => (
          <input
            id={id}
            class="input mono"
            required
            maxLength={64}
            value={client}
            autocomplete="off"
            spellcheck={false}
            aria-describedby={`${id}-hint`}
            onInput={(event) => setClient(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label="For how long">
        {(id) => (
          <select id={id} class="input" value={lengthMs} onChange={(event) => setLengthMs(Number(event.currentTarget.value))}>
            {LENGTHS.map(([text, value]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        )}
      </Field>
    </Confirm>
  );
}
