// What sluice uses of pngjs: the published types bring all of Node's with them.
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
