import type { JSX } from "preact";

const SHAPES = {
  overview: "M3 17V9m5 8V3m5 14v-6m4 6V6",
  live: "M2 10h3.5l2.5 6 4-12 2.5 6H18",
  guide: "M4 3v15M4 4h11l-2.5 3.5L15 11H4",
  bans: "M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15M4.8 4.8l10.4 10.4",
  exceptions: "M3 5h14M3 10h8M3 15h5m4.5 0 2 2 3.5-4",
  rules: "M3 6h8m4 0h2M3 14h2m4 0h8M13 4v4M7 12v4",
  models: "M10 2.5 17 6v8l-7 3.5L3 14V6zM3 6l7 3.5L17 6m-7 3.5v8",
  menu: "M3 5h14M3 10h14M3 15h14",
  close: "M5 5l10 10M15 5 5 15",
  pause: "M7 4v12M13 4v12",
  play: "M6 4l10 6-10 6z",
  sun: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M10 1.5v2m0 13v2m8.5-8.5h-2m-13 0h-2M16 4l-1.4 1.4M5.4 14.6 4 16m12 0-1.4-1.4M5.4 5.4 4 4",
  moon: "M16.5 12.5A7 7 0 0 1 7.5 3.5a7 7 0 1 0 9 9",
  system: "M3 4h14v9H3zM7 17h6M10 13v4",
  undo: "M4 8h8a4.5 4.5 0 0 1 0 9H7M4 8l3.5-3.5M4 8l3.5 3.5",
  back: "M12 4l-6 6 6 6",
  down: "M10 4v12m-4-4 4 4 4-4",
  check: "M4 10.5l4 4 8-9",
  warning: "M10 3 18 17H2zM10 8v4m0 2.5v.1",
  user: "M10 3a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M3.5 17.5c.8-3.5 3.2-5 6.5-5s5.7 1.5 6.5 5",
  shield: "M10 2 3.5 4.5V9.5c0 4 2.7 7 6.5 8.5 3.8-1.5 6.5-4.5 6.5-8.5v-5zM7 10l2.2 2.2L13.2 8",
} as const;

/** Names of the pictures. */
export type IconName = keyof typeof SHAPES;

/** A picture beside a text that says the same; screen readers skip it. */
export const Icon = ({ name, size = 18 }: { readonly name: IconName; readonly size?: number }): JSX.Element => (
  <svg width={size} height={size} viewBox="0 0 20 20" fill="none" aria-hidden="true" focusable="false">
    <path d={SHAPES[name]} stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round" />
  </svg>
);
