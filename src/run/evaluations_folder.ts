/**
 * A run's folder `evaluations`: what it is worth on other images, and pictures of nearest neighbours.
 *
 * @module
 */
import { join } from "@std/path";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { InvalidInputError } from "../errors.ts";
import type { NearestImages } from "../evaluation/mod.ts";
import {
  encodePng,
  FormatError,
  isPlainFile,
  isPlainFolder,
  makeFolder,
  parseJsonObject,
  pngText,
  readTextFile,
  withPngText,
  writeFileAtomically,
} from "../formats/mod.ts";
import type { NetworkName } from "../models/mod.ts";
import { type EvaluatedData, evaluationName } from "./evaluated_data.ts";
import { type OtherEvaluation, parseOtherEvaluation, remedyOfEvaluation } from "./evaluation_file.ts";
import type { RunFolder } from "./run_folder.ts";

/** Name of the folder in a run. */
const evaluationsName = "evaluations";
/** The name under which pictures of the run's own images are kept. No data set has this name. */
export const OWN_EVALUATION = "own";
/** Keyword of the text in a picture. */
const KEYWORD = "sluice";
/** Largest picture in bytes, far above any that sluice writes. */
const LARGEST_PICTURE = 16 << 20;

/** An evaluation on other images, with the name of its file. */
export interface NamedEvaluation extends OtherEvaluation {
  /** Name of the file without `.json`. */
  readonly name: string;
}

/** A picture of nearest neighbours. */
export interface NearestPicture {
  /** The PNG file. */
  readonly png: Uint8Array;
  /** The names of its images, row by row: the query first, then its neighbours, the nearest first. */
  readonly rows: readonly (readonly string[])[];
}

const caption = z.object({ step: z.number().int().min(0), rows: z.array(z.array(z.string())) });

/**
 * The files in a run's folder `evaluations`:
 *
 * - `NAME.json`: an evaluation on other images, named by {@linkcode evaluationName};
 * - `NAME-NETWORK.png`: images beside the images that a network finds nearest; `own-NETWORK.png` for the run's own.
 */
export class EvaluationsFolder {
  readonly #run: RunFolder;
  readonly #path: string;

  /** The folder need not exist. @throws {InvalidInputError} if it is a link or no folder. */
  constructor(run: RunFolder) {
    this.#run = run;
    this.#path = join(run.path, evaluationsName);
    isPlainFolder(this.#path);
  }

  /** Path of the file of an evaluation. */
  pathOf(data: EvaluatedData): string {
    return join(this.#path, `${evaluationName(data)}.json`);
  }

  /**
   * Writes an evaluation on other images, replacing an earlier one on the same images.
   *
   * @throws {LostFolderError} if another run has taken the path since this one was opened.
   * @throws {StorageError} if there is no room or no permission.
   */
  write(evaluation: OtherEvaluation): void {
    const text = `${JSON.stringify(evaluation, null, 2)}\n`;
    this.#write(`${evaluationName(evaluation.data)}.json`, new TextEncoder().encode(text));
  }

  /**
   * Writes a picture, replacing an earlier one. Its names and the step of the evaluation are kept in the file.
   *
   * @param data the images; null for the run's own.
   * @throws as {@linkcode EvaluationsFolder.write}
   */
  writePicture(data: EvaluatedData | null, network: NetworkName, step: number, { rows, picture }: NearestImages): void {
    const png = withPngText(encodePng(picture), KEYWORD, JSON.stringify({ step, rows }));
    this.#write(pictureName(data === null ? OWN_EVALUATION : evaluationName(data), network), png);
  }

  /** The evaluations on other images, by name. @throws {InvalidInputError} if a file is damaged or a link. */
  read(): NamedEvaluation[] {
    if (!isPlainFolder(this.#path)) return [];
    const files = readdirSync(this.#path).filter((file) => file.endsWith(".json")).toSorted();
    return files.map((file) => {
      const path = join(this.#path, file);
      isPlainFile(path);
      return {
        name: file.slice(0, -".json".length),
        ...parseOtherEvaluation(path, readTextFile(path, remedyOfEvaluation)),
      };
    });
  }

  /**
   * Reads a network's picture.
   *
   * @param name name of the evaluation, or {@linkcode OWN_EVALUATION}.
   * @param step the step that was evaluated.
   * @returns null if there is none, or it is of another step.
   * @throws {InvalidInputError} if the file is damaged or a link.
   */
  readPicture(name: string, network: NetworkName, step: number | undefined): NearestPicture | null {
    const path = join(this.#path, pictureName(name, network));
    if (!isPlainFolder(this.#path) || !isPlainFile(path)) return null;
    const refuse = (fault: string, cause?: unknown) => {
      return new InvalidInputError(`${path}: is damaged: ${fault}; ${remedyOfEvaluation}`, { cause });
    };
    if (statSync(path).size > LARGEST_PICTURE) throw refuse("it is larger than any picture that sluice writes");
    const png = new Uint8Array(readFileSync(path));
    try {
      const { success, data } = caption.safeParse(parseJsonObject(pngText(png, KEYWORD) ?? ""));
      if (!success) throw refuse("it has no names of images");
      return data.step === step ? { png, rows: data.rows } : null;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw refuse(`it ${error.message}`, error);
    }
  }

  #write(file: string, bytes: Uint8Array): void {
    const path = join(this.#path, file);
    this.#run.checkOwn();
    this.#run.checkSame(`${evaluationsName}/${file} is not written`);
    if (!isPlainFolder(this.#path)) makeFolder(this.#path);
    isPlainFile(path);
    writeFileAtomically(path, bytes);
  }
}

function pictureName(name: string, network: NetworkName): string {
  return `${name}-${network}.png`;
}
