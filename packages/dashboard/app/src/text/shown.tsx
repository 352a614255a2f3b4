import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { piecesOf, type Range, visibleText } from "./visible.ts";

/** What a component that shows text of strangers takes. */
export interface ShownProps {
  readonly text: string;
  /** Parts to be highlighted. */
  readonly ranges?: readonly Range[];
  /** Characters shown before the rest is asked for. Default: all. */
  readonly limit?: number;
  /** What the text is, for the name of the button that shows all of it. */
  readonly what?: string;
  readonly class?: string;
}

/** Text that a client controls: never markup, in the order of its characters, with everything invisible made visible. */
export function Shown({
  text,
  ranges = [],
  limit = Number.POSITIVE_INFINITY,
  what = "the value",
  class: extra = "",
}: ShownProps): JSX.Element {
  const [isWhole, setWhole] = useState(false);
  const isCut = text.length > limit && !isWhole;
  const [from, to] = isCut ? windowOf(text, ranges, limit) : [0, text.length];
  const moved = ranges.map(({ start, end }) => ({ start: start - from, end: end - from }));
  return (
    <span class={`shown ${extra}`}>
      <bdo dir="ltr">
        {from > 0 && <Ellipsis />}
        <Pieces text={text.slice(from, to)} ranges={moved} />
        {to < text.length && <Ellipsis />}
      </bdo>
      {text.length > limit && (
        <button type="button" class="link-button" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? "Show less" : `Show all ${text.length.toLocaleString("en-GB")} characters`}
          <span class="visually-hidden"> of {what}</span>
        </button>
      )}
    </span>
  );
}

const Ellipsis = (): JSX.Element => <span class="shown-cut">…</span>;

function Pieces({ text, ranges }: { readonly text: string; readonly ranges: readonly Range[] }): JSX.Element {
  return (
    <>
      {piecesOf(text, ranges).map((piece) => {
        const inner =
          piece.name === undefined ? (
            piece.text
          ) : (
            <span class="shown-hidden" title={piece.name}>
              {piece.text}
            </span>
          );
        return piece.isMatched ? <mark>{inner}</mark> : inner;
      })}
    </>
  );
}

/** Our own sentences, with what stands between backticks as code. */
export const Prose = ({ text }: { readonly text: string }): JSX.Element => (
  <>{text.split("`").map((part, index) => (index % 2 === 1 ? <code>{visibleText(part, 400)}</code> : visibleText(part, 400)))}</>
);

/** Characters of a line; a line is cut by the layout anyway. */
const LINE_LIMIT = 240;

/** Text of strangers in one line, cut by the layout. */
export function OneLine({ text }: { readonly text: string }): JSX.Element {
  const cut = text.length > LINE_LIMIT ? `${text.slice(0, LINE_LIMIT)}…` : text;
  return (
    <bdo dir="ltr" class="one-line" title={visibleText(text, 1_000)}>
      {piecesOf(cut).map((piece) => (piece.name === undefined ? piece.text : <span class="shown-hidden">{piece.text}</span>))}
    </bdo>
  );
}

/** The stretch of `limit` characters that shows the first range, or the beginning. */
function windowOf(text: string, ranges: readonly Range[], limit: number): readonly [from: number, to: number] {
  const first = ranges[0];
  if (first === undefined || first.end <= limit) return [0, limit];
  const from = Math.max(0, Math.min(first.start - Math.floor(limit / 3), text.length - limit));
  return [from, from + limit];
}
