// Declares the part of pngjs that sluice uses. The published declarations would pull in all of Node's types.
export interface PngOptions {
  readonly width: number;
  readonly height: number;
  readonly colorType: number;
  readonly inputColorType: number;
  readonly inputHasAlpha: boolean;
}

export class PNG {
  constructor(options: PngOptions);
  width: number;
  height: number;
  data: Uint8Array;
  static readonly sync: {
    read(bytes: Uint8Array): PNG;
    write(picture: PNG, options: PngOptions): Uint8Array;
  };
}
