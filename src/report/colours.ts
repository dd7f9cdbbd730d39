/**
 * The colours of both themes: series are told apart by people with any colour vision, and stand out from the background.
 *
 * @module
 */

/** The colours of one theme. */
export interface Palette {
  /** Behind everything. */
  readonly background: string;
  /** Behind what is set apart. */
  readonly surface: string;
  /** Text. */
  readonly ink: string;
  /** Text and lines of less weight. */
  readonly muted: string;
  /** Lines that only divide. */
  readonly rule: string;
  /** Links and what has the focus. */
  readonly accent: string;
  /** The dense network of dual runs. */
  readonly dense: string;
  /** The gated network of dual runs. */
  readonly gated: string;
  /** The network of gated runs. */
  readonly alone: string;
  /** The network of vanilla runs. */
  readonly vanilla: string;
  /** Channels open for every image. */
  readonly open: string;
  /** Channels open for some images. */
  readonly dependent: string;
  /** Channels closed for every image. */
  readonly closed: string;
}

/** A colour by what it is for. */
export type ColourName = keyof Palette;

/** The light theme, which figures in files have, too. */
export const light: Palette = {
  background: "#ffffff",
  surface: "#f3f5f7",
  ink: "#1c2126",
  muted: "#59616b",
  rule: "#d9dee3",
  accent: "#0a58a8",
  dense: "#0072b2",
  gated: "#d05a00",
  alone: "#008a64",
  vanilla: "#3a4149",
  open: "#0b4f7a",
  dependent: "#cf7a00",
  closed: "#88909a",
};

/** The dark theme. */
export const dark: Palette = {
  background: "#14181d",
  surface: "#1e242b",
  ink: "#e8ebee",
  muted: "#a3acb6",
  rule: "#343c45",
  accent: "#7db9f5",
  dense: "#56b4e9",
  gated: "#ff8a3d",
  alone: "#2fc79b",
  vanilla: "#d5dae0",
  open: "#86caf5",
  dependent: "#f0a030",
  closed: "#6f7a86",
};

/** A colour of whichever theme is shown, for attributes of SVG. */
export function colour(name: ColourName): string {
  return `var(--${name})`;
}
