/**
 * The colours of both themes. People with any colour vision can tell the series apart and from the background.
 *
 * @module
 */

/** The colours of one theme. */
export interface Palette {
  /** Background of the page. */
  readonly background: string;
  /** Background of notices, table headings and buttons. */
  readonly surface: string;
  /** Text. */
  readonly ink: string;
  /** Secondary text and lines. */
  readonly muted: string;
  /** Dividing lines and grids. */
  readonly rule: string;
  /** Outline of the focused element. */
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

/** The name of a colour, after its purpose. */
export type ColourName = keyof Palette;

/** The light theme. Figures in files use it, too. */
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

/** A reference to a colour of the active theme, for attributes of SVG. */
export function colour(name: ColourName): string {
  return `var(--${name})`;
}
